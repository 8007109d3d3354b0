import { escapeIdentifier } from 'pg';
import { type Connection, rows } from './connection.ts';
import { dailyCounts } from './daily-sums.ts';
import type { Person } from './erased-people.ts';
import { spendPlaces } from './person-places.ts';

/** What stays of a row's `metadata`: what it cost, where it went, how it ended. Everything else may name somebody. */
const keptMembers = [
  'status',
  'estimated',
  'usage_object',
  'user_api_key',
  'user_api_key_team_id',
  'user_api_key_org_id',
  'user_api_key_project_id',
  'litellm_call_id',
  'litellm_refusals',
  'applied_guardrails',
  'additional_usage_values',
  'model_map_information',
  'cost_breakdown',
  'attempted_retries',
  'max_retries',
  'litellm_overhead_time_ms',
];

/** Those of the members that name the other kind of people, who are still there. */
const othersMembers = { user: [], customer: ['user_api_key_user_id', 'user_api_key_alias'] } as const;

/** The partitions of the spend table, the oldest name first. */
async function partitions(db: Connection): Promise<readonly string[]> {
  const found = await rows<{ name: string }>(db, {
    text: `
      SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent = '"LiteLLM_SpendLogs"'::regclass ORDER BY 1`,
  });
  return found.map(({ name }) => name);
}

const OBJECT = `CASE WHEN jsonb_typeof(metadata) = 'object' THEN metadata ELSE '{}' END`;

/**
 * Takes a person out of the spend rows, one partition after the other, each in a transaction of its own: what was asked, answered
 * and agreed to, address and program are gone, amounts, times and models stay. Returns how many rows there were.
 */
export async function eraseSpend(db: Connection, { kind, id }: Person, pseudonym: string): Promise<number> {
  const { column } = spendPlaces[kind];
  const named = kind === 'user' ? ` || jsonb_build_object('user_api_key_user_id', $2::text)` : '';
  let changed = 0;
  for (const name of await partitions(db)) {
    const { rowCount } = await db.query({
      text: `
        UPDATE ${escapeIdentifier(name)} SET ${column} = $2, requester_ip_address = NULL, cache_key = '',
          messages = '{}', response = '{}', proxy_server_request = '{}',
          request_tags = CASE WHEN jsonb_typeof(request_tags) = 'array' THEN
            (SELECT coalesce(jsonb_agg(tag), '[]') FROM jsonb_array_elements(request_tags) AS tag
             WHERE tag #>> '{}' NOT LIKE 'User-Agent:%') ELSE '[]' END,
          metadata =
            (SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(${OBJECT}) WHERE key = ANY ($3))
            || CASE WHEN jsonb_typeof(metadata -> 'error_information') = 'object' THEN jsonb_build_object(
              'error_information', (metadata -> 'error_information') || '{"error_message": "", "traceback": ""}')
              ELSE '{}' END${named}
        WHERE ${column} = $1`,
      values: [id, pseudonym, [...keptMembers, ...othersMembers[kind]]],
    });
    changed += rowCount ?? 0;
  }
  return changed;
}

const KEY = [
  'date',
  'api_key',
  'model',
  'custom_llm_provider',
  'mcp_namespaced_tool_name',
  'endpoint',
] as const;
const FIGURES = ['spend_pico', ...dailyCounts];

/** Puts what a person has spent on each day under the pseudonym, where calls may have arrived already: in their order. */
export async function eraseDays(db: Connection, { kind, id }: Person, pseudonym: string): Promise<number> {
  const { daily, whom } = spendPlaces[kind];
  const columns = [...KEY, 'model_group', ...FIGURES].join(', ');
  const { rowCount } = await db.query({
    text: `
      WITH gone AS (DELETE FROM ${daily} WHERE ${whom} = $1 RETURNING *)
      INSERT INTO ${daily} AS daily (${whom}, ${columns}, spend) SELECT $2, ${columns}, spend FROM gone
      ORDER BY ${KEY.join(', ')}
      ON CONFLICT (${whom}, ${KEY.join(', ')}) DO UPDATE SET
        ${FIGURES.map((name) => `${name} = daily.${name} + excluded.${name}`).join(', ')},
        spend = (daily.spend_pico + excluded.spend_pico) / 1e12`,
    values: [id, pseudonym],
  });
  return rowCount ?? 0;
}

/** How many spend rows and daily rows name a person. */
export async function countSpend(
  db: Connection,
  { kind, id }: Person,
): Promise<{ readonly spendRows: number; readonly dailyRows: number }> {
  const { column, daily, whom } = spendPlaces[kind];
  const [counted] = await rows<{ spend: number; days: number }>(db, {
    text: `
      SELECT (SELECT count(*) FROM "LiteLLM_SpendLogs" WHERE ${column} = $1) AS spend,
        (SELECT count(*) FROM ${daily} WHERE ${whom} = $1) AS days`,
    values: [id],
  });
  return { spendRows: counted?.spend ?? 0, dailyRows: counted?.days ?? 0 };
}
