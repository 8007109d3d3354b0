import type { SpendView } from '../identity/permissions.ts';
import { type Connection, rows } from './connection.ts';
import { containing } from './json-columns.ts';
import { COUNTED_EXACTLY, countRows, type RowCount } from './row-count.ts';

const COLUMNS = `request_id, call_type, api_key, spend, total_tokens, prompt_tokens, completion_tokens, "startTime",
  "endTime", "completionStartTime", request_duration_ms, model, model_id, model_group, custom_llm_provider, api_base, "user",
  end_user, team_id, organization_id, agent_id, metadata, cache_hit, cache_key, request_tags, requester_ip_address,
  session_id, status, mcp_namespaced_tool_name`;

/** What was said in a call is shown with that call alone: a list of them would be without bound. */
const LISTED = `${COLUMNS}, '{}'::jsonb AS messages, '{}'::jsonb AS response, '{}'::jsonb AS proxy_server_request`;
const WHOLE = `${COLUMNS}, messages, response, proxy_server_request`;

/** A row of "LiteLLM_SpendLogs" as the API shows it. */
export interface ShownCall {
  readonly request_id: string;
  readonly api_key: string;
  readonly spend: number;
  readonly startTime: Date;
  readonly messages: unknown;
  readonly response: unknown;
  readonly proxy_server_request: unknown;
  readonly [column: string]: unknown;
}

export const sortableCallColumns = [
  'startTime',
  'endTime',
  'spend',
  'total_tokens',
  'prompt_tokens',
  'completion_tokens',
  'request_duration_ms',
  'model',
] as const;

/** What is asked for; null where nothing is. */
export interface CallFilter {
  /** What the caller may see; null for everything. */
  readonly view: SpendView | null;
  readonly from: Date | null;
  readonly before: Date | null;
  /** Hashes. */
  readonly apiKeys: readonly string[] | null;
  readonly userId: string | null;
  readonly requestId: string | null;
  readonly teamId: string | null;
  readonly endUser: string | null;
  readonly sessionId: string | null;
  readonly model: string | null;
  readonly modelId: string | null;
  readonly status: string | null;
  readonly minSpend: number | null;
  readonly maxSpend: number | null;
  readonly errorCode: string | null;
  readonly errorPart: string | null;
}

export const EVERY_CALL: CallFilter = {
  view: null,
  from: null,
  before: null,
  apiKeys: null,
  userId: null,
  requestId: null,
  teamId: null,
  endUser: null,
  sessionId: null,
  model: null,
  modelId: null,
  status: null,
  minSpend: null,
  maxSpend: null,
  errorCode: null,
  errorPart: null,
};

/** Conditions without a value are gone when the statement is planned: what is left finds its index and its partitions. */
const SOURCE = `"LiteLLM_SpendLogs" WHERE
  ($1::timestamp IS NULL OR "startTime" >= $1) AND ($2::timestamp IS NULL OR "startTime" < $2)
  AND ($3::boolean OR "user" = $4 OR api_key = $5 OR team_id = ANY ($6::text[]) OR organization_id = ANY ($7::text[]))
  AND ($8::text IS NULL OR api_key = $8) AND ($21::text[] IS NULL OR api_key = ANY ($21)) AND ($9::text IS NULL OR "user" = $9)
  AND ($10::text IS NULL OR request_id = $10) AND ($11::text IS NULL OR team_id = $11)
  AND ($12::text IS NULL OR end_user = $12) AND ($13::text IS NULL OR session_id = $13)
  AND ($14::text IS NULL OR model = $14) AND ($15::text IS NULL OR model_id = $15)
  AND ($16::text IS NULL OR status = $16)
  AND ($17::double precision IS NULL OR spend >= $17) AND ($18::double precision IS NULL OR spend <= $18)
  AND ($19::text IS NULL OR (status <> 'success' AND metadata -> 'error_information' ->> 'error_code' = $19))
  AND ($20::text IS NULL OR (status <> 'success' AND metadata -> 'error_information' ->> 'error_message' ILIKE $20))`;

/** None is as good as an empty list, and leaves the planner one condition less. */
const some = (names: readonly string[]): readonly string[] | null => (names.length === 0 ? null : names);

/** Values of SOURCE. */
function valuesOf(filter: CallFilter): unknown[] {
  const { view } = filter;
  // One key's calls have an order in its index, those of a list of keys have none.
  const oneKey = filter.apiKeys?.length === 1 ? filter.apiKeys[0] : null;
  return [
    filter.from?.toISOString() ?? null,
    filter.before?.toISOString() ?? null,
    view === null,
    view?.userId ?? null,
    view?.keyHash ?? null,
    some(view?.teamIds ?? []),
    some(view?.organizationIds ?? []),
    oneKey,
    filter.userId,
    filter.requestId,
    filter.teamId,
    filter.endUser,
    filter.sessionId,
    filter.model,
    filter.modelId,
    filter.status,
    filter.minSpend,
    filter.maxSpend,
    filter.errorCode,
    filter.errorPart === null ? null : containing(filter.errorPart),
    oneKey === null ? filter.apiKeys : null,
  ];
}

/** A statement on the calls that fit, its values after those of the filter. */
export function callsThatFit(
  filter: CallFilter,
  { select, rest, values = [] }: { select: string; rest: string; values?: readonly unknown[] },
) {
  return { text: `SELECT ${select} FROM ${SOURCE} ${rest}`, values: [...valuesOf(filter), ...values] };
}

const NEWEST = 'ORDER BY "startTime" DESC, request_id DESC';

/** The newest calls. */
export function newestCalls(db: Connection, filter: CallFilter, limit: number): Promise<ShownCall[]> {
  return rows<ShownCall>(
    db,
    callsThatFit(filter, { select: LISTED, rest: `${NEWEST} LIMIT $22`, values: [limit] }),
  );
}

/** The newest call that fits, with what was said in it. */
export async function readCall(db: Connection, filter: CallFilter): Promise<ShownCall | undefined> {
  const [row] = await rows<ShownCall>(db, callsThatFit(filter, { select: WHOLE, rest: `${NEWEST} LIMIT 1` }));
  return row;
}

export interface CallPageQuery {
  readonly filter: CallFilter;
  readonly sortBy: (typeof sortableCallColumns)[number];
  readonly sortOrder: 'asc' | 'desc';
  readonly limit: number;
  readonly offset: number;
}

export interface CallPage {
  readonly rows: readonly ShownCall[];
  readonly count: RowCount;
  /** Whether only the newest of the rows were sorted, which are as many as are counted exactly. */
  readonly newestSorted: boolean;
}

/** A page in the order of time, or of another column: of many calls the newest are sorted, for all of them are too many. */
function pageStatement({ filter, sortBy, sortOrder, limit, offset }: CallPageQuery) {
  const direction = sortOrder === 'asc' ? 'ASC' : 'DESC';
  const values = [limit, offset];
  if (sortBy === 'startTime') {
    const rest = `ORDER BY "startTime" ${direction}, request_id ${direction} LIMIT $22 OFFSET $23`;
    return callsThatFit(filter, { select: LISTED, rest, values });
  }
  const newest = callsThatFit(filter, { select: LISTED, rest: `${NEWEST} LIMIT ${COUNTED_EXACTLY}`, values });
  const order = `"${sortBy}" ${direction} NULLS LAST, "startTime" DESC, request_id DESC`;
  return {
    ...newest,
    text: `SELECT * FROM (${newest.text}) AS newest ORDER BY ${order} LIMIT $22 OFFSET $23`,
  };
}

/** One page of the calls that fit, and how many there are. */
export async function listCalls(db: Connection, query: CallPageQuery): Promise<CallPage> {
  const count = await countRows(db, { source: SOURCE, values: valuesOf(query.filter) });
  const found = await rows<ShownCall>(db, pageStatement(query));
  return { rows: found, count, newestSorted: count.estimated && query.sortBy !== 'startTime' };
}

/** Failed calls of each day (`YYYY-MM-DD`, UTC), by where they were sent. */
export function failuresByDay(
  db: Connection,
  filter: CallFilter & { readonly errorCode: string; readonly modelGroup: string },
): Promise<{ date: string; api_base: string; failures: number }[]> {
  return rows(
    db,
    callsThatFit(filter, {
      select: `to_char("startTime", 'YYYY-MM-DD') AS date, coalesce(api_base, '') AS api_base, count(*) AS failures`,
      rest: 'AND model_group = $22 GROUP BY 1, 2 ORDER BY 1, 2',
      values: [filter.modelGroup],
    }),
  );
}
