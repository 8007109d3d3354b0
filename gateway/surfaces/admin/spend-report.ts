import { usdFromPico } from '../../accounting/money.ts';
import type { Connection } from '../../store/connection.ts';
import { type DailyFilter, type GroupedDay, groupedDays, sumDays } from '../../store/daily-sums.ts';
import type { DailyKind } from '../../store/daily-tables.ts';
import { teamAliases } from '../../store/report-names.ts';
import { badRequest } from './faults.ts';
import { readDays } from './report-days.ts';
import { askedKey } from './spend-logs.ts';
import { allDays, type Report } from './spend-reports.ts';
import { type ReportQuery, readReportQuery } from './spend-requests.ts';

/** Lines of a key and a model that a group shows of a day; the others are one. */
const TOP_LINES = 10;
/** Teams or customers that are shown. */
const TOP_GROUPS = 100;
const OTHERS = 'others';

/** What each key has spent, and on which models. */
async function byKey(db: Connection, filter: DailyFilter) {
  const found = await sumDays(db, {
    kind: 'user',
    filter,
    by: ['api_key', 'model'],
    counts: ['prompt_tokens', 'completion_tokens'],
    order: 'spent',
  });
  const keys = [...Map.groupBy(found, ({ api_key }) => api_key)].map(([api_key, lines]) => ({
    api_key,
    spent: lines.reduce((sum, { spent }) => sum + spent, 0n),
    total_input_tokens: lines.reduce((sum, { prompt_tokens }) => sum + prompt_tokens, 0),
    total_output_tokens: lines.reduce((sum, { completion_tokens }) => sum + completion_tokens, 0),
    model_details: lines.map(({ model, spent, prompt_tokens, completion_tokens }) => ({
      model,
      total_cost: usdFromPico(spent),
      total_input_tokens: prompt_tokens,
      total_output_tokens: completion_tokens,
    })),
  }));
  keys.sort((one, other) => Number(other.spent - one.spent));
  return keys.map(({ api_key, spent, ...rest }) => ({ api_key, total_cost: usdFromPico(spent), ...rest }));
}

const lineOf = ({ model, api_key, spent, total_tokens }: GroupedDay) => ({
  model: model ?? OTHERS,
  api_key: api_key ?? OTHERS,
  spend: usdFromPico(spent),
  total_tokens,
});

/** Of each day, what each team or customer has spent, and on what. */
async function byGroup(
  db: Connection,
  { kind, filter, list, name }: { kind: DailyKind; filter: DailyFilter; list: string; name: string },
) {
  const found = await groupedDays(db, kind, filter, { groups: TOP_GROUPS, lines: TOP_LINES });
  const ids = new Set(found.flatMap(({ whom }) => whom ?? []));
  const aliases = kind === 'team' ? await teamAliases(db, [...ids]) : new Map<string, string>();
  const nameOf = (whom: string | null): string | null =>
    whom === null ? (kind === 'team' ? 'Unassigned Team' : null) : (aliases.get(whom) ?? whom);
  return [...Map.groupBy(found, ({ date }) => date)].map(([date, day]) => ({
    group_by_day: `${date}T00:00:00+00:00`,
    [list]: [...Map.groupBy(day, ({ whom }) => whom)].map(([whom, lines]) => ({
      [name]: nameOf(whom),
      total_spend: usdFromPico(lines.reduce((sum, { spent }) => sum + spent, 0n)),
      metadata: lines.map(lineOf),
    })),
  }));
}

/** What one key or user is asked for; null where all are. */
function ofOne(query: ReportQuery): Pick<DailyFilter, 'apiKeys' | 'whom'> | null {
  const apiKey = askedKey(query.api_key);
  if (apiKey !== null) return { apiKeys: [apiKey], whom: null };
  return query.internal_user_id === undefined ? null : { apiKeys: null, whom: [query.internal_user_id] };
}

/** `/global/spend/report` */
export async function report({ db, request, reply }: Report) {
  const query = readReportQuery(request.query);
  const filter = allDays(readDays(query));
  const one = ofOne(query);
  if (one !== null || query.group_by === 'api_key') return byKey(db, { ...filter, ...one });
  reply.header('x-litellm-rows', `highest ${TOP_GROUPS}`);
  const { team_id: team, customer_id: customer } = query;
  if (team !== undefined && customer !== undefined) {
    throw badRequest(
      'customer_id',
      'Teams and customers are counted apart: leave out team_id or customer_id',
    );
  }
  const asked = team ?? customer;
  const named = { ...filter, whom: asked === undefined ? null : [asked] };
  return customer !== undefined || (team === undefined && query.group_by === 'customer')
    ? byGroup(db, { kind: 'endUser', filter: named, list: 'customers', name: 'customer' })
    : byGroup(db, { kind: 'team', filter: named, list: 'teams', name: 'team_name' });
}
