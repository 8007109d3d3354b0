import type { FastifyReply } from 'fastify';
import { usdFromPico } from '../../accounting/money.ts';
import type { GatewayRequest } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { ownSpend, seesAll } from '../../identity/permissions.ts';
import type { Connection } from '../../store/connection.ts';
import { type DailyFilter, type DailyNames, type Days, sumDays } from '../../store/daily-sums.ts';
import {
  globalMaxBudget,
  keyNames,
  keysBySpend,
  teamAliases,
  teamsOf,
  usersBySpend,
} from '../../store/report-names.ts';
import { forbidden } from './faults.ts';
import { lastDays, readDays, readDaysIfAny } from './report-days.ts';
import { askedKey, ownDays } from './spend-logs.ts';
import { items, readEndUsersBody, readReportQuery, readUserQuery } from './spend-requests.ts';

/** Keys, users, customers that a list without pages shows. */
const MOST = 1000;
const TOP = 10;
const TOP_CUSTOMERS = 100;

/** What a report is made of. */
export interface Report {
  readonly db: Connection;
  readonly request: GatewayRequest;
  readonly who: Identity;
  readonly reply: FastifyReply;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** What everybody has spent on days. */
export const allDays = (days: Days): DailyFilter => ({
  days,
  whom: null,
  notWhom: null,
  apiKeys: null,
  model: null,
});

/** The teams that a caller runs; null for every team. */
export async function teamsRunBy(db: Connection, who: Identity): Promise<readonly string[] | null> {
  if (seesAll(who)) return null;
  return [...new Set([...who.adminOfTeams, ...(await teamsOf(db, who.adminOfOrganizations))])];
}

/** The caller's own figures, or everybody's, told apart by `by`: what was spent most first. */
function mostSpent<By extends keyof DailyNames>({ db, who }: Report, days: Days, by: By, limit: number) {
  return sumDays(db, { kind: 'user', filter: ownDays(who, days), by: [by], order: 'spent', limit });
}

/** `/spend/keys` */
export async function keys({ db, who, reply }: Report) {
  reply.header('x-litellm-rows', `highest ${MOST}`);
  return keysBySpend(db, ownSpend(who), MOST);
}

/** `/spend/users` */
export async function users({ db, who, request, reply }: Report) {
  const asked = readUserQuery(request.query).user_id || null;
  const own = ownSpend(who);
  if (own !== null && asked !== null && asked !== own.userId) {
    throw forbidden('user_id', 'This key may see only what its own user has spent');
  }
  if (own !== null && own.userId === null) return [];
  const userId = own?.userId ?? asked;
  if (userId !== null) return [(await usersBySpend(db, userId, 1))[0] ?? null];
  reply.header('x-litellm-rows', `highest ${MOST}`);
  return usersBySpend(db, null, MOST);
}

function tagSums({ db }: Report, days: Days, tags: readonly string[] | null) {
  const filter = { ...allDays(days), whom: tags };
  return sumDays(db, { kind: 'tag', filter, by: ['whom'], order: 'spent', limit: MOST });
}

/** `/spend/tags` */
export async function tags(report: Report) {
  const days = readDaysIfAny(readReportQuery(report.request.query)) ?? lastDays(report.now);
  const found = await tagSums(report, days, null);
  return found.map(({ whom, spent, api_requests }) => ({
    individual_request_tag: whom,
    log_count: api_requests,
    total_spend: usdFromPico(spent),
  }));
}

/** `/global/spend/tags` */
export async function globalTags(report: Report) {
  const query = readReportQuery(report.request.query);
  const asked = items(query.tags);
  const found = await tagSums(report, readDays(query), asked?.includes('all-tags') ? null : asked);
  return {
    spend_per_tag: found.map(({ whom, spent, api_requests }) => ({
      name: whom,
      spend: usdFromPico(spent),
      log_count: api_requests,
    })),
  };
}

/** `/global/spend/all_tag_names` */
export async function tagNames(report: Report) {
  const found = await tagSums(report, { from: '', until: '9999-12-31' }, null);
  return { tag_names: found.map(({ whom }) => whom) };
}

/** `/global/spend` */
export async function total({ db, who, now }: Report) {
  const filter = ownDays(who, lastDays(now));
  const [sum] = await sumDays(db, { kind: 'user', filter, by: [], order: 'names' });
  const maxBudget = seesAll(who) ? await globalMaxBudget(db) : null;
  return { spend: usdFromPico(sum?.spent ?? 0n), max_budget: maxBudget ?? 0 };
}

/** `/global/spend/logs` */
export async function byDay({ db, who, now, request }: Report) {
  const asked = askedKey(readReportQuery(request.query).api_key);
  const own = ownDays(who, lastDays(now));
  if (asked !== null && own.apiKeys !== null && asked !== own.apiKeys[0]) return [];
  const filter = { ...own, apiKeys: asked === null ? own.apiKeys : [asked] };
  const found = await sumDays(db, { kind: 'user', filter, by: ['date'], order: 'names' });
  return found.map(({ date, spent }) => ({ date, spend: usdFromPico(spent) }));
}

/** `/global/spend/keys` */
export async function globalKeys(report: Report) {
  const { limit = MOST } = readReportQuery(report.request.query);
  const found = await mostSpent(report, lastDays(report.now), 'api_key', limit);
  const names = await keyNames(
    report.db,
    found.map(({ api_key }) => api_key),
  );
  return found.map(({ api_key, spent }) => ({
    api_key,
    key_alias: names.get(api_key)?.key_alias ?? null,
    key_name: names.get(api_key)?.key_name ?? null,
    total_spend: usdFromPico(spent),
  }));
}

/** `/global/spend/models` */
export async function globalModels(report: Report) {
  const { limit = TOP } = readReportQuery(report.request.query);
  const found = await mostSpent(report, lastDays(report.now), 'model', limit);
  return found
    .filter(({ model }) => model !== '')
    .map(({ model, spent }) => ({ model, total_spend: usdFromPico(spent) }));
}

/** `/global/spend/provider` */
export async function providers(report: Report) {
  const days = readDays(readReportQuery(report.request.query));
  const found = await mostSpent(report, days, 'custom_llm_provider', MOST);
  return found.map(({ custom_llm_provider: name, spent }) => ({
    provider: name === '' ? 'Unknown' : name,
    spend: usdFromPico(spent),
  }));
}

/** `/global/spend/teams`: of each day, and those that have spent most. Calls of no team are one that is called so. */
export async function teams({ db, who, now }: Report) {
  const run = await teamsRunBy(db, who);
  const filter = { ...allDays(lastDays(now)), whom: run };
  const asked = { kind: 'team', filter, nobody: run === null } as const;
  const daily = await sumDays(db, { ...asked, by: ['date', 'whom'], order: 'names' });
  const totals = await sumDays(db, { ...asked, by: ['whom'], order: 'spent' });
  const aliases = await teamAliases(
    db,
    totals.flatMap(({ whom }) => whom ?? []),
  );
  const nameOf = (team: string | null): string =>
    team === null ? 'Unassigned' : (aliases.get(team) ?? team);
  const byDate = Map.groupBy(daily, ({ date }) => date);
  return {
    daily_spend: [...byDate].map(([date, some]) => ({
      date,
      ...Object.fromEntries(some.map(({ whom, spent }) => [nameOf(whom), usdFromPico(spent)])),
    })),
    teams: totals.map(({ whom }) => nameOf(whom)),
    total_spend_per_team: totals
      .slice(0, TOP)
      .map(({ whom, spent }) => ({ team_id: nameOf(whom), total_spend: usdFromPico(spent) })),
  };
}

/** The day of a time; customers are counted by days. */
const dayIn = (text: string | null | undefined): string | undefined => text?.slice(0, 10) || undefined;

/** `/global/spend/end_users` */
export async function customers({ db, request, now }: Report) {
  const body = readEndUsersBody(request.body);
  const apiKey = askedKey(body.api_key);
  const { from, until } = lastDays(now);
  const days = readDays({
    start_date: dayIn(body.startTime) ?? from,
    end_date: dayIn(body.endTime) ?? until,
  });
  const filter = { ...allDays(days), apiKeys: apiKey === null ? null : [apiKey] };
  const found = await sumDays(db, {
    kind: 'endUser',
    filter,
    by: ['whom'],
    order: 'spent',
    limit: TOP_CUSTOMERS,
  });
  return found.map(({ whom, spent, api_requests }) => ({
    end_user: whom,
    total_count: api_requests,
    total_spend: usdFromPico(spent),
  }));
}
