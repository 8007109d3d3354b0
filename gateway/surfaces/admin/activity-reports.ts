import { type Days, sumDays } from '../../store/daily-sums.ts';
import { EVERY_CALL, failuresByDay } from '../../store/spend-list.ts';
import { badRequest } from './faults.ts';
import { periodOf, readDays } from './report-days.ts';
import { ownDays } from './spend-logs.ts';
import type { Report } from './spend-reports.ts';
import { readReportQuery } from './spend-requests.ts';

const TOP = 10;
const TOKENS = ['prompt_tokens', 'completion_tokens'] as const;
const RATE_LIMITED = '429';

/** `Jan 22`, as LiteLLM's charts have it. */
function chartDay(date: string): string {
  return new Date(date).toLocaleDateString('en-US', { month: 'short', day: '2-digit', timeZone: 'UTC' });
}

interface Counted {
  readonly date: string;
  readonly api_requests: number;
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
}

/** A chart of calls and tokens by day. */
function chart(days: readonly Counted[]) {
  const daily_data = days.map(({ date, api_requests, prompt_tokens, completion_tokens }) => ({
    date: chartDay(date),
    api_requests,
    total_tokens: prompt_tokens + completion_tokens,
  }));
  return {
    daily_data,
    sum_api_requests: daily_data.reduce((sum, { api_requests }) => sum + api_requests, 0),
    sum_total_tokens: daily_data.reduce((sum, { total_tokens }) => sum + total_tokens, 0),
  };
}

const asked = ({ request }: Report): Days => readDays(readReportQuery(request.query));

/** `/global/activity` */
export async function activity(report: Report) {
  const filter = ownDays(report.who, asked(report));
  return chart(
    await sumDays(report.db, { kind: 'user', filter, by: ['date'], counts: TOKENS, order: 'names' }),
  );
}

/** `/global/activity/model`: the models that are called most. */
export async function activityByModel(report: Report) {
  const filter = ownDays(report.who, asked(report));
  const days = await sumDays(report.db, {
    kind: 'user',
    filter,
    by: ['date', 'model_group'],
    counts: TOKENS,
    order: 'names',
  });
  return [...Map.groupBy(days, ({ model_group }) => model_group)]
    .map(([model, some]) => ({ model, ...chart(some) }))
    .sort((one, other) => other.sum_api_requests - one.sum_api_requests)
    .slice(0, TOP);
}

/** `/global/activity/cache_hits`: nothing is cached, so every call was a provider's. */
export async function cacheHits(report: Report) {
  const filter = ownDays(report.who, asked(report));
  const sums = await sumDays(report.db, {
    kind: 'user',
    filter,
    by: ['api_key', 'model'],
    counts: ['completion_tokens'],
    order: 'names',
  });
  return sums.map(({ api_key, model, api_requests, completion_tokens }) => ({
    api_key,
    call_type: 'acompletion',
    model,
    total_rows: api_requests,
    cache_hit_true_rows: 0,
    cached_completion_tokens: 0,
    generated_completion_tokens: completion_tokens,
  }));
}

interface Failures {
  readonly date: string;
  readonly failures: number;
}

/** A chart of calls that met a rate limit. */
function failureChart(some: readonly Failures[]) {
  const days = [...Map.groupBy(some, ({ date }) => date)].map(([date, those]) => ({
    date: chartDay(date),
    num_rate_limit_exceptions: those.reduce((sum, { failures }) => sum + failures, 0),
  }));
  return {
    daily_data: days,
    sum_num_rate_limit_exceptions: days.reduce((sum, day) => sum + day.num_rate_limit_exceptions, 0),
  };
}

function rateLimited(report: Report) {
  const { model_group: modelGroup } = readReportQuery(report.request.query);
  if (!modelGroup) throw badRequest('model_group', 'Please provide model_group, the public name of a model');
  const filter = { ...EVERY_CALL, ...periodOf(asked(report)), errorCode: RATE_LIMITED, modelGroup };
  return failuresByDay(report.db, filter);
}

/** `/global/activity/exceptions` */
export async function exceptions(report: Report) {
  return failureChart(await rateLimited(report));
}

/** `/global/activity/exceptions/deployment`: by where the calls were sent. */
export async function exceptionsByDeployment(report: Report) {
  return [...Map.groupBy(await rateLimited(report), ({ api_base }) => api_base)]
    .map(([api_base, some]) => ({ api_base, ...failureChart(some) }))
    .sort((one, other) => other.sum_num_rate_limit_exceptions - one.sum_num_rate_limit_exceptions)
    .slice(0, TOP);
}
