import type { Pool } from 'pg';
import type { SpendRecord } from '../accounting/spend.ts';
import { type Connection, rows, transaction } from './connection.ts';

/** `metadata` of a row, with the member names that LiteLLM's readers look for. */
function metadataOf(call: SpendRecord): object {
  return {
    user_api_key: call.apiKey,
    user_api_key_alias: call.keyAlias,
    user_api_key_team_id: call.teamId,
    user_api_key_team_alias: null,
    user_api_key_org_id: null,
    user_api_key_user_id: call.userId,
    user_api_key_project_id: null,
    spend_logs_metadata: null,
    requester_ip_address: call.requesterIp,
    additional_usage_values: {},
    usage_object: call.usage,
    applied_guardrails: [],
    status: call.status,
    error_information: call.error && {
      error_code: call.error.code,
      error_class: call.error.class,
      llm_provider: call.provider,
      error_message: call.error.message,
      // Kept for its readers; stack traces are not for a table that many may read.
      traceback: '',
    },
    litellm_call_id: call.callId,
  };
}

const time = (epochMs: number): string => new Date(epochMs).toISOString();

/** PostgreSQL's texts and JSON cannot hold NUL or half a surrogate pair; a provider's error text or a caller's `user` may. */
const UNSTORABLE = /\\u(?:0000|d[89a-f])/;
const NUL = String.fromCharCode(0);

const storable = (text: string): string => text.replaceAll(NUL, '\ufffd').toWellFormed();

/** Calls as one JSON text. Only the rare one that holds what cannot be stored is looked through, which is several times slower. */
function storableJson(calls: readonly object[]): string {
  const text = JSON.stringify(calls);
  if (!UNSTORABLE.test(text)) return text;
  return JSON.stringify(calls, (_member, inner: unknown) =>
    typeof inner === 'string' ? storable(inner) : inner,
  );
}

/** Column, its type, its value: one row per column that a call fills; the others have the table's defaults. */
const columns: ReadonlyArray<
  readonly [string, string, (call: SpendRecord) => object | string | number | null]
> = [
  ['request_id', 'text', (call) => call.requestId],
  ['call_type', 'text', (call) => call.callType],
  ['api_key', 'text', (call) => call.apiKey],
  ['spend', 'double precision', (call) => call.spend],
  ['total_tokens', 'integer', (call) => call.totalTokens],
  ['prompt_tokens', 'integer', (call) => call.promptTokens],
  ['completion_tokens', 'integer', (call) => call.completionTokens],
  ['"startTime"', 'timestamp', (call) => time(call.startTime)],
  ['"endTime"', 'timestamp', (call) => time(call.endTime)],
  ['"completionStartTime"', 'timestamp', (call) => time(call.completionStartTime)],
  ['request_duration_ms', 'integer', (call) => Math.round(call.endTime - call.startTime)],
  ['model', 'text', (call) => call.model],
  ['model_id', 'text', (call) => call.modelId],
  ['model_group', 'text', (call) => call.modelGroup],
  ['custom_llm_provider', 'text', (call) => call.provider],
  ['api_base', 'text', (call) => call.apiBase],
  ['"user"', 'text', (call) => call.userId ?? ''],
  ['end_user', 'text', (call) => call.endUser],
  ['team_id', 'text', (call) => call.teamId],
  ['metadata', 'jsonb', (call) => metadataOf(call)],
  ['cache_hit', 'text', () => 'False'],
  ['cache_key', 'text', () => 'Cache OFF'],
  ['requester_ip_address', 'text', (call) => call.requesterIp],
  ['session_id', 'text', (call) => call.callId],
  ['status', 'text', (call) => call.status],
];

const columnNames = columns.map(([name]) => name).join(', ');
const columnTypes = columns.map(([name, type]) => `${name} ${type}`).join(', ');
const members = columns.map(([name, , value]) => [name.replaceAll('"', ''), value] as const);

/**
 * One statement for any number of calls, so that the server plans it once. They travel as one JSON text: as one array
 * a column, the gateway spent four times as long on escaping them. What comes back is one row per key.
 */
const insertCalls = `
  WITH inserted AS (
    INSERT INTO "LiteLLM_SpendLogs" (${columnNames})
    SELECT * FROM json_to_recordset($1) AS call (${columnTypes})
    ON CONFLICT (request_id, "startTime") DO NOTHING
    RETURNING api_key, spend
  )
  SELECT api_key, sum(spend) AS spend FROM inserted GROUP BY api_key`;

interface Inserted {
  readonly api_key: string;
  readonly spend: number;
}

function rowOf(call: SpendRecord): object {
  const row: Record<string, unknown> = {};
  for (const [name, value] of members) row[name] = value(call);
  return row;
}

async function insert(db: Connection, calls: readonly SpendRecord[]): Promise<Inserted[]> {
  const values = [storableJson(calls.map(rowOf))];
  return rows<Inserted>(db, { name: 'insert_spend_logs', text: insertCalls, values });
}

/** Adds what the inserted rows cost to their keys. Rows are locked in the order of their hash: batches cannot deadlock. */
async function addToKeys(db: Connection, inserted: readonly Inserted[]): Promise<void> {
  const totals = new Map<string, number>();
  for (const { api_key, spend } of inserted) totals.set(api_key, (totals.get(api_key) ?? 0) + spend);
  const spent = [...totals].filter(([, total]) => total !== 0);
  if (spent.length === 0) return;
  await rows(db, {
    name: 'add_key_spend',
    text: `
      WITH spent AS (SELECT * FROM unnest($1::text[], $2::double precision[]) AS t (token, total)),
      locked AS (
        SELECT k.token FROM "LiteLLM_VerificationToken" k
        WHERE k.token IN (SELECT token FROM spent) ORDER BY k.token FOR UPDATE
      )
      UPDATE "LiteLLM_VerificationToken" k SET spend = k.spend + spent.total
      FROM spent WHERE k.token = spent.token AND k.token IN (SELECT token FROM locked)`,
    values: [spent.map(([hash]) => hash), spent.map(([, total]) => total)],
  });
}

/**
 * Stores finished calls and adds their cost to their keys, in one transaction. A call that is stored already is left
 * alone and costs nothing again, so a batch whose outcome is unknown may simply be sent again.
 */
export async function insertSpendLogs(db: Pool, calls: readonly SpendRecord[]): Promise<void> {
  if (calls.length === 0) return;
  await transaction(db, async (connection) => {
    await addToKeys(connection, await insert(connection, calls));
  });
}
