import type { FastifyReply } from 'fastify';
import type { GatewayRequest } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { seesAll } from '../../identity/permissions.ts';
import type { Connection } from '../../store/connection.ts';
import {
  type DailyFilter,
  type DailyRow,
  dailyRows,
  dailySource,
  dailyTotals,
  filterValues,
} from '../../store/daily-sums.ts';
import type { DailyKind } from '../../store/daily-tables.ts';
import { keyNames, teamAliases } from '../../store/report-names.ts';
import type { ReportPool } from '../../store/report-pool.ts';
import { countRows } from '../../store/row-count.ts';
import { type ActivityNames, activityOf } from './activity-sums.ts';
import { forbidden } from './faults.ts';
import { offsetOf, pageMembers } from './pages.ts';
import { readDays } from './report-days.ts';
import { askedKey, ownDays } from './spend-logs.ts';
import { teamsRunBy } from './spend-reports.ts';
import { type ActivityQuery, items, readActivityQuery } from './spend-requests.ts';

/** Keys that are told apart where all rows are one answer. */
const TOP_KEYS = 20;

/** Whom an activity is asked for, and whom not. */
interface Asked {
  readonly whom: readonly string[] | null;
  readonly notWhom: readonly string[] | null;
}

const parameters: Readonly<Record<Exclude<DailyKind, 'user'>, (query: ActivityQuery) => Asked>> = {
  team: (query) => ({ whom: items(query.team_ids), notWhom: items(query.exclude_team_ids) }),
  tag: (query) => ({ whom: items(query.tags), notWhom: null }),
  organization: (query) => ({
    whom: items(query.organization_ids),
    notWhom: items(query.exclude_organization_ids),
  }),
  endUser: (query) => ({ whom: items(query.end_user_ids), notWhom: items(query.exclude_end_user_ids) }),
  agent: (query) => ({ whom: items(query.agent_ids), notWhom: items(query.exclude_agent_ids) }),
};

/** Those whom the caller may see among whom it asks for. Throws GatewayError forbidden for others. */
function within(asked: Asked['whom'], seen: Asked['whom'], param: string): Asked['whom'] {
  if (seen === null) return asked;
  if (asked?.some((id) => !seen.includes(id))) {
    throw forbidden(
      param,
      'This key may see only teams and organisations that its user runs; its own calls are in /user/daily/activity',
    );
  }
  return asked ?? seen;
}

/** Whose activity it is, and which rows of it. Throws GatewayError bad_request or forbidden. */
async function filterOf(
  db: Connection,
  kind: DailyKind,
  query: ActivityQuery,
  who: Identity,
): Promise<DailyFilter> {
  const own = ownDays(who, readDays(query));
  const apiKey = askedKey(query.api_key);
  const filter = { ...own, model: query.model || null, apiKeys: apiKey === null ? own.apiKeys : [apiKey] };
  if (kind === 'user') {
    const asked = query.user_id || null;
    if (!seesAll(who) && asked !== null && asked !== who.userId) {
      throw forbidden('user_id', 'This key may see only its own user’s activity');
    }
    if (own.apiKeys !== null && apiKey !== null && apiKey !== own.apiKeys[0]) {
      throw forbidden('api_key', 'This key belongs to no user, and may see only its own activity');
    }
    return { ...filter, whom: asked === null ? own.whom : [asked] };
  }
  const { whom, notWhom } = parameters[kind](query);
  const all = { ...filter, notWhom, apiKeys: apiKey === null ? null : [apiKey] };
  if (kind === 'team') return { ...all, whom: within(whom, await teamsRunBy(db, who), 'team_ids') };
  if (kind !== 'organization') return { ...all, whom };
  const run = seesAll(who) ? null : who.adminOfOrganizations;
  return { ...all, whom: within(whom, run, 'organization_ids') };
}

async function namesIn(db: Connection, kind: DailyKind, rows: readonly DailyRow[]): Promise<ActivityNames> {
  const distinct = (values: readonly (string | null)[]) =>
    [...new Set(values.filter((value) => value !== null && value !== ''))] as string[];
  return {
    keys: await keyNames(db, distinct(rows.map(({ api_key }) => api_key))),
    aliases: kind === 'team' ? await teamAliases(db, distinct(rows.map(({ whom }) => whom))) : new Map(),
  };
}

/** Days are UTC, as they are counted: another zone's cannot be made of them. */
function nameZone({ timezone = 0 }: ActivityQuery, reply: FastifyReply): void {
  if (timezone !== 0) reply.header('x-litellm-ignored-fields', 'timezone');
}

/** `/user/daily/activity` and its like: rows of the days, page by page; the totals are those of the page. */
export async function dailyActivity(
  reports: ReportPool,
  kind: DailyKind,
  { request, who, reply }: { request: GatewayRequest; who: Identity; reply: FastifyReply },
) {
  const query = readActivityQuery(request.query);
  nameZone(query, reply);
  const offset = offsetOf(query);
  return reports.run(async (db) => {
    const filter = await filterOf(db, kind, query, who);
    const count = await countRows(db, { source: dailySource(kind), values: filterValues(filter) });
    const rows = await dailyRows(db, kind, filter, { limit: query.page_size, offset });
    const { results, totals } = activityOf(rows, await namesIn(db, kind, rows));
    const { page, total_pages } = pageMembers(reply, query, count);
    const has_more = page < total_pages;
    return { results, metadata: { ...totals, page, total_pages, has_more } };
  });
}

/** `/user/daily/activity/aggregated`: all rows in one answer; the keys that have spent most are told apart. */
export async function wholeActivity(
  reports: ReportPool,
  { request, who, reply }: { request: GatewayRequest; who: Identity; reply: FastifyReply },
) {
  const query = readActivityQuery(request.query);
  nameZone(query, reply);
  reply.header('x-litellm-api-keys', `highest ${TOP_KEYS}`);
  return reports.run(async (db) => {
    const filter = await filterOf(db, 'user', query, who);
    const rows = await dailyTotals(db, 'user', filter, TOP_KEYS);
    const { results, totals } = activityOf(rows, await namesIn(db, 'user', rows));
    return { results, metadata: { ...totals, page: 1, total_pages: 1, has_more: false } };
  });
}
