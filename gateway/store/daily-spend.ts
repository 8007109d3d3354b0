import type { SpendRecord } from '../accounting/spend.ts';
import { type AlikeCalls, add, type Figures } from './alike-calls.ts';
import { type Connection, rows } from './connection.ts';
import { storable } from './copy-format.ts';
import { type DailyTableName, dailyTables } from './daily-tables.ts';

/** A table of days, and for whom a call counts there. */
interface DailyTable extends DailyTableName {
  readonly of: (call: SpendRecord) => readonly string[];
}

const named = (name: string | null): readonly string[] => (name === null || name === '' ? [] : [name]);

/** In the order in which they are written. Every call counts for a user, be it one without a name. */
const tables: readonly DailyTable[] = [
  { ...dailyTables.user, of: ({ userId }) => [userId ?? ''] },
  { ...dailyTables.team, of: ({ teamId }) => named(teamId) },
  { ...dailyTables.organization, of: ({ organizationId }) => named(organizationId) },
  { ...dailyTables.agent, of: ({ agentId }) => named(agentId) },
  { ...dailyTables.endUser, of: ({ endUser }) => named(endUser) },
  { ...dailyTables.tag, of: ({ caller }) => caller.tags },
];

const endpoints: Readonly<Record<SpendRecord['callType'], string>> = { acompletion: '/chat/completions' };

/** The unique key takes 2,704 bytes: what is longer is counted under its beginning. */
const MOST_CHARACTERS = 400;

const fitting = (text: string): string =>
  storable(text.length > MOST_CHARACTERS ? text.slice(0, MOST_CHARACTERS) : text);

/** What is added to one row. */
interface Sum extends Figures {
  readonly whom: string;
  readonly date: string;
  readonly apiKey: string;
  readonly model: string;
  readonly modelGroup: string;
  readonly provider: string;
  readonly endpoint: string;
}

/** What the groups add to the rows of one table. */
function sumsFor({ of }: DailyTable, groups: readonly AlikeCalls[]): Sum[] {
  const sums = new Map<string, Sum>();
  for (const group of groups) {
    const { call, date } = group;
    const model = fitting(call.model);
    for (const whom of new Set(of(call).map(fitting))) {
      const name = JSON.stringify([whom, date, call.apiKey, model, call.provider, call.callType]);
      const sum = sums.get(name);
      if (sum !== undefined) add(sum, group);
      else {
        const { apiKey, provider } = call;
        const modelGroup = storable(call.modelGroup);
        const endpoint = endpoints[call.callType];
        sums.set(name, { ...group, whom, date, apiKey, model, modelGroup, provider, endpoint });
      }
    }
  }
  return [...sums.values()];
}

/** Adds sums to a table's rows, in the order of its unique key: two batches cannot deadlock. */
async function addTo(db: Connection, { name, whom }: DailyTable, sums: readonly Sum[]): Promise<void> {
  const column = <T>(value: (sum: Sum) => T): T[] => sums.map(value);
  await rows(db, {
    name: `add_${name}`,
    text: `
      INSERT INTO "${name}" AS daily (${whom}, date, api_key, model, model_group, custom_llm_provider,
        mcp_namespaced_tool_name, endpoint, prompt_tokens, completion_tokens, cache_read_input_tokens,
        cache_creation_input_tokens, spend_pico, spend, api_requests, successful_requests, failed_requests)
      SELECT whom, date, api_key, model, model_group, provider, '', endpoint, prompt, completion, cache_read,
        cache_creation, pico, pico / 1e12, requests, succeeded, requests - succeeded
      FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[],
        $9::bigint[], $10::bigint[], $11::bigint[], $12::numeric[], $13::bigint[], $14::bigint[])
        AS sums (whom, date, api_key, model, model_group, provider, endpoint, prompt, completion, cache_read,
          cache_creation, pico, requests, succeeded)
      ORDER BY whom, date, api_key, model, provider, endpoint
      ON CONFLICT (${whom}, date, api_key, model, custom_llm_provider, mcp_namespaced_tool_name, endpoint)
      DO UPDATE SET
        prompt_tokens = daily.prompt_tokens + excluded.prompt_tokens,
        completion_tokens = daily.completion_tokens + excluded.completion_tokens,
        cache_read_input_tokens = daily.cache_read_input_tokens + excluded.cache_read_input_tokens,
        cache_creation_input_tokens = daily.cache_creation_input_tokens + excluded.cache_creation_input_tokens,
        spend_pico = daily.spend_pico + excluded.spend_pico,
        spend = (daily.spend_pico + excluded.spend_pico) / 1e12,
        api_requests = daily.api_requests + excluded.api_requests,
        successful_requests = daily.successful_requests + excluded.successful_requests,
        failed_requests = daily.failed_requests + excluded.failed_requests,
        updated_at = excluded.updated_at`,
    values: [
      column((sum) => sum.whom),
      column((sum) => sum.date),
      column((sum) => sum.apiKey),
      column((sum) => sum.model),
      column((sum) => sum.modelGroup),
      column((sum) => sum.provider),
      column((sum) => sum.endpoint),
      column((sum) => sum.promptTokens),
      column((sum) => sum.completionTokens),
      column((sum) => sum.cacheRead),
      column((sum) => sum.cacheCreation),
      column((sum) => sum.spend),
      column((sum) => sum.requests),
      column((sum) => sum.succeeded),
    ],
  });
}

/** Adds calls to what was spent on their days, in the transaction that stores their rows: one statement for each table. */
export async function addToDays(db: Connection, groups: readonly AlikeCalls[]): Promise<void> {
  for (const table of tables) {
    const sums = sumsFor(table, groups);
    if (sums.length > 0) await addTo(db, table, sums);
  }
}
