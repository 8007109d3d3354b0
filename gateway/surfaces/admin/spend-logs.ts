import type { FastifyReply } from 'fastify';
import { type Pico, usdFromPico } from '../../accounting/money.ts';
import type { GatewayRequest } from '../../http/handler.ts';
import { type Identity, MASTER_KEY_ALIAS } from '../../identity/identity.ts';
import { ownSpend, spendView } from '../../identity/permissions.ts';
import type { Connection } from '../../store/connection.ts';
import { type DailyFilter, type DailyNames, type Days, sumDays } from '../../store/daily-sums.ts';
import { dayOf } from '../../store/partitions.ts';
import { hashesOfAlias } from '../../store/report-names.ts';
import type { ReportPool } from '../../store/report-pool.ts';
import { type CallFilter, EVERY_CALL, listCalls, newestCalls, readCall } from '../../store/spend-list.ts';
import { badRequest } from './faults.ts';
import { namedKey } from './named-key.ts';
import { offsetOf, pageMembers } from './pages.ts';
import { DAY_MS, periodOf, readDaysIfAny, readPeriod } from './report-days.ts';
import {
  type CallListQuery,
  readCallListQuery,
  readSessionQuery,
  readSpendLogsQuery,
} from './spend-requests.ts';

/** Rows of a list that is not shown page by page. */
const NEWEST = 1000;

/** The hash of a key in a question; the master key's name stands for itself. */
export function askedKey(name: string | null | undefined, param = 'api_key'): string | null {
  if (name === undefined || name === null || name === '') return null;
  return name === MASTER_KEY_ALIAS ? name : namedKey(name, param);
}

/** What the caller has spent on days: of its own, or of everybody where it sees everybody. */
export function ownDays(who: Identity, days: Days): DailyFilter {
  const own = ownSpend(who);
  return {
    days,
    whom: own?.userId == null ? null : [own.userId],
    notWhom: null,
    apiKeys: own?.keyHash == null ? null : [own.keyHash],
    model: null,
  };
}

const emptyDay = (startTime: string) => ({ startTime, spend: 0, users: {}, models: {} });

interface Spent {
  readonly date: string;
  readonly spent: Pico;
}

/** What was spent on each day, in USD by name: own members, whatever the names are. */
function amounts<T extends Spent>(some: readonly T[], name: (sum: T) => string) {
  const days = [...Map.groupBy(some, ({ date }) => date)];
  return new Map<string, object>(
    days.map(([date, those]) => [
      date,
      Object.fromEntries(those.map((sum) => [name(sum), usdFromPico(sum.spent)])),
    ]),
  );
}

/** One object for each day that has calls, and for those behind the last one. */
async function summary(db: Connection, filter: DailyFilter): Promise<readonly object[]> {
  const sums = <By extends keyof DailyNames>(name: By) =>
    sumDays(db, { kind: 'user', filter, by: ['date', name], order: 'names' });
  const byModel = await sums('model');
  const users = amounts(await sums('whom'), ({ whom }) => whom ?? '');
  const keys = amounts(await sums('api_key'), ({ api_key }) => api_key);
  const models = amounts(byModel, ({ model }) => model);
  const found = [...Map.groupBy(byModel, ({ date }) => date)].map(([date, those]) => ({
    ...keys.get(date),
    startTime: date,
    spend: usdFromPico(those.reduce((sum, { spent }) => sum + spent, 0n)),
    users: users.get(date),
    models: models.get(date),
  }));
  const last = found.at(-1);
  if (last === undefined) return [];
  const end = Date.parse(filter.days.until);
  const rest: object[] = [];
  for (let time = Date.parse(last.startTime) + DAY_MS; time <= end; time += DAY_MS) {
    rest.push(emptyDay(dayOf(time)));
  }
  return [...found, ...rest];
}

/** `/spend/logs`: the newest calls, those of some days, one call, or what was spent on each of some days. */
export async function logs(reports: ReportPool, request: GatewayRequest, who: Identity, reply: FastifyReply) {
  const query = readSpendLogsQuery(request.query);
  const days = readDaysIfAny(query);
  const apiKey = askedKey(query.api_key);
  const userId = query.user_id || null;
  const filter: CallFilter = {
    ...EVERY_CALL,
    ...(days !== null && periodOf(days)),
    view: spendView(who),
    apiKeys: apiKey === null ? null : [apiKey],
    userId,
    requestId: query.request_id || null,
  };
  return reports.run(async (db) => {
    if (filter.requestId !== null) return [(await readCall(db, filter)) ?? null];
    if (days === null || !query.summarize) {
      reply.header('x-litellm-rows', `newest ${NEWEST}`);
      return newestCalls(db, filter, NEWEST);
    }
    const own = ownDays(who, days);
    if (own.whom !== null && userId !== null && userId !== own.whom[0]) return [];
    if (own.apiKeys !== null && apiKey !== null && apiKey !== own.apiKeys[0]) return [];
    return summary(db, {
      ...own,
      whom: userId === null ? own.whom : [userId],
      apiKeys: apiKey === null ? own.apiKeys : [apiKey],
    });
  });
}

async function asFilter(db: Connection, query: CallListQuery, who: Identity): Promise<CallFilter> {
  const apiKey = askedKey(query.api_key);
  const { key_alias: alias } = query;
  return {
    view: spendView(who),
    ...readPeriod(query),
    apiKeys: apiKey === null ? (alias ? await hashesOfAlias(db, alias) : null) : [apiKey],
    userId: query.user_id || null,
    requestId: query.request_id || null,
    teamId: query.team_id || null,
    endUser: query.end_user || null,
    sessionId: null,
    model: query.model || null,
    modelId: query.model_id || null,
    status: query.status_filter ?? null,
    minSpend: query.min_spend ?? null,
    maxSpend: query.max_spend ?? null,
    errorCode: query.error_code || null,
    errorPart: query.error_message || null,
  };
}

/** `/spend/logs/ui` and `/spend/logs/v2`: the calls of a period, page by page. */
export async function page(reports: ReportPool, request: GatewayRequest, who: Identity, reply: FastifyReply) {
  const query = readCallListQuery(request.query);
  const offset = offsetOf(query);
  const found = await reports.run(async (db) =>
    listCalls(db, {
      filter: await asFilter(db, query, who),
      sortBy: query.sort_by,
      sortOrder: query.sort_order,
      limit: query.page_size,
      offset,
    }),
  );
  if (found.newestSorted) reply.header('x-litellm-sorted', 'newest 10000');
  return { data: found.rows, ...pageMembers(reply, query, found.count) };
}

const isKept = (value: unknown): boolean => value !== null && Object.keys(value as object).length > 0;

/** `/spend/logs/ui/ID`: what was said in a call; null where it was not kept. */
export async function content(reports: ReportPool, request: GatewayRequest, who: Identity) {
  const { request_id } = request.params as { readonly request_id: string };
  const filter = { ...EVERY_CALL, view: spendView(who), requestId: request_id };
  const call = await reports.run((db) => readCall(db, filter));
  if (call === undefined) return null;
  const { messages, response, proxy_server_request } = call;
  const kept = [messages, response, proxy_server_request].some(isKept);
  return kept ? { request_id, messages, response, proxy_server_request } : null;
}

/** `/spend/logs/session/ui`: the calls of a session, in their order. */
export async function session(
  reports: ReportPool,
  request: GatewayRequest,
  who: Identity,
  reply: FastifyReply,
) {
  const { session_id: sessionId } = readSessionQuery(request.query);
  if (sessionId === '') throw badRequest('session_id', 'Name the session with session_id');
  reply.header('x-litellm-rows', `newest ${NEWEST}`);
  const found = await reports.run((db) =>
    newestCalls(db, { ...EVERY_CALL, view: spendView(who), sessionId }, NEWEST),
  );
  return found.reverse();
}
