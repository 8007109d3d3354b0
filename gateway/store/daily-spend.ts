import type { Pico } from '../accounting/money.ts';
import type { SpendRecord } from '../accounting/spend.ts';
import { readUsage } from '../accounting/usage.ts';
import { type Connection, rows } from './connection.ts';
import { storable } from './copy-format.ts';

/** A table of what was spent on each day, and for whom a call counts there. */
interface DailyTable {
  readonly name: string;
  /** The column that says for whom. */
  readonly whom: string;
  readonly of: (call: SpendRecord) => readonly string[];
}

const named = (name: string | null): readonly string[] => (name === null || name === '' ? [] : [name]);

/** In the order in which they are written. Every call counts for a user, be it one without a name. */
const tables: readonly DailyTable[] = [
  { name: 'LiteLLM_DailyUserSpend', whom: 'user_id', of: ({ userId }) => [userId ?? ''] },
  { name: 'LiteLLM_DailyTeamSpend', whom: 'team_id', of: ({ teamId }) => named(teamId) },
  {
    name: 'LiteLLM_DailyOrganizationSpend',
    whom: 'organization_id',
    of: ({ organizationId }) => named(organizationId),
  },
  { name: 'LiteLLM_DailyAgentSpend', whom: 'agent_id', of: ({ agentId }) => named(agentId) },
  { name: 'LiteLLM_DailyEndUserSpend', whom: 'end_user_id', of: ({ endUser }) => named(endUser) },
  { name: 'LiteLLM_DailyTagSpend', whom: 'tag', of: ({ caller }) => caller.tags },
];

const endpoints: Readonly<Record<SpendRecord['callType'], string>> = { acompletion: '/chat/completions' };

/** The unique key takes 2,704 bytes: what is longer is counted under its beginning. */
const MOST_CHARACTERS = 400;

const fitting = (text: string): string =>
  storable(text.length > MOST_CHARACTERS ? text.slice(0, MOST_CHARACTERS) : text);

/** What calls that differ in nothing that the table tells apart add to one of its rows. */
interface Sum {
  readonly whom: string;
  readonly date: string;
  readonly apiKey: string;
  readonly model: string;
  readonly modelGroup: string;
  readonly provider: string;
  readonly endpoint: string;
  promptTokens: number;
  completionTokens: number;
  cacheRead: number;
  cacheCreation: number;
  spend: Pico;
  requests: number;
  succeeded: number;
}

/** The UTC day of an instant, `YYYY-MM-DD`. */
const dayOf = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 10);

/** A call by itself, as a sum for nobody. */
function ofCall(call: SpendRecord): Omit<Sum, 'whom'> {
  const usage = readUsage(call.usage);
  return {
    date: dayOf(call.startTime),
    apiKey: call.apiKey,
    model: fitting(call.model),
    modelGroup: storable(call.modelGroup),
    provider: call.provider,
    endpoint: endpoints[call.callType],
    promptTokens: call.promptTokens,
    completionTokens: call.completionTokens,
    cacheRead: usage?.cacheRead ?? 0,
    cacheCreation: (usage?.cacheWrite ?? 0) + (usage?.cacheWrite1h ?? 0),
    spend: call.spend,
    requests: 1,
    succeeded: call.status === 'success' ? 1 : 0,
  };
}

function add(sums: Map<string, Sum>, whom: string, call: Omit<Sum, 'whom'>): void {
  const key = JSON.stringify([whom, call.date, call.apiKey, call.model, call.provider, call.endpoint]);
  const sum = sums.get(key);
  if (sum === undefined) {
    sums.set(key, { whom, ...call });
    return;
  }
  sum.promptTokens += call.promptTokens;
  sum.completionTokens += call.completionTokens;
  sum.cacheRead += call.cacheRead;
  sum.cacheCreation += call.cacheCreation;
  sum.spend += call.spend;
  sum.requests += call.requests;
  sum.succeeded += call.succeeded;
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
export async function addToDays(db: Connection, calls: readonly SpendRecord[]): Promise<void> {
  const sums = tables.map(() => new Map<string, Sum>());
  for (const call of calls) {
    const one = ofCall(call);
    for (const [index, { of }] of tables.entries()) {
      for (const whom of new Set(of(call).map(fitting))) add(sums[index] as Map<string, Sum>, whom, one);
    }
  }
  for (const [index, table] of tables.entries()) {
    const added = [...(sums[index] as Map<string, Sum>).values()];
    if (added.length > 0) await addTo(db, table, added);
  }
}
