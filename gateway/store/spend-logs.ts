import type { Pool } from 'pg';
import type { SpendRecord } from '../accounting/spend.ts';
import { quoted } from '../quoted.ts';
import { type Connection, rows, transaction } from './connection.ts';

/** `metadata` of a row, with the member names that LiteLLM's readers look for. */
function metadataText(call: SpendRecord): string {
  const error = call.error && {
    error_code: call.error.code,
    error_class: call.error.class,
    llm_provider: call.provider,
    error_message: call.error.message,
    // Kept for its readers; stack traces are not for a table that many may read.
    traceback: '',
  };
  return (
    `{"user_api_key":${quoted(call.apiKey)},"user_api_key_alias":${quoted(call.keyAlias)}` +
    `,"user_api_key_team_id":${quoted(call.teamId)},"user_api_key_team_alias":null,"user_api_key_org_id":null` +
    `,"user_api_key_user_id":${quoted(call.userId)},"user_api_key_project_id":null,"spend_logs_metadata":null` +
    `,"requester_ip_address":${quoted(call.requesterIp)},"additional_usage_values":{}` +
    `,"usage_object":${JSON.stringify(call.usage)},"applied_guardrails":[],"status":"${call.status}"` +
    `,"error_information":${JSON.stringify(error)},"litellm_call_id":${quoted(call.callId)}}`
  );
}

/** PostgreSQL's texts and JSON cannot hold NUL or half a surrogate pair; a provider's error text or a caller's `user` may. */
const UNSTORABLE = /\\u(?:0000|d[89a-f])/;
const NUL = String.fromCharCode(0);

const storable = (text: string): string => text.replaceAll(NUL, '\ufffd').toWellFormed();

/** Only the rare row that holds what cannot be stored is looked through, which is several times slower. */
function storableJson(text: string): string {
  if (!UNSTORABLE.test(text)) return text;
  return JSON.stringify(JSON.parse(text), (_member, inner: unknown) =>
    typeof inner === 'string' ? storable(inner) : inner,
  );
}

interface Column {
  readonly name: string;
  /** Its type as it travels. */
  readonly type: string;
  /** The value as a JSON text. */
  readonly text: (call: SpendRecord) => string;
  /** SQL for the stored value, where that is not the one that travels. */
  readonly stored?: string;
}

/** Times travel as milliseconds: nothing is to be formatted here and parsed there. */
const time = (name: string, of: (call: SpendRecord) => number): Column => ({
  name,
  type: 'bigint',
  text: (call) => String(of(call)),
  stored: `timestamp 'epoch' + "${name}" * interval '1 millisecond'`,
});

/** One row per column that a call fills; the others have the table's defaults. */
const columns: readonly Column[] = [
  { name: 'request_id', type: 'text', text: (call) => quoted(call.requestId) },
  { name: 'call_type', type: 'text', text: (call) => quoted(call.callType) },
  { name: 'api_key', type: 'text', text: (call) => quoted(call.apiKey) },
  { name: 'spend', type: 'double precision', text: (call) => JSON.stringify(call.spend) },
  { name: 'total_tokens', type: 'integer', text: (call) => String(call.totalTokens) },
  { name: 'prompt_tokens', type: 'integer', text: (call) => String(call.promptTokens) },
  { name: 'completion_tokens', type: 'integer', text: (call) => String(call.completionTokens) },
  time('startTime', (call) => call.startTime),
  time('endTime', (call) => call.endTime),
  time('completionStartTime', (call) => call.completionStartTime),
  {
    name: 'request_duration_ms',
    type: 'integer',
    text: (call) => String(Math.round(call.endTime - call.startTime)),
  },
  { name: 'model', type: 'text', text: (call) => quoted(call.model) },
  { name: 'model_id', type: 'text', text: (call) => quoted(call.modelId) },
  { name: 'model_group', type: 'text', text: (call) => quoted(call.modelGroup) },
  { name: 'custom_llm_provider', type: 'text', text: (call) => quoted(call.provider) },
  { name: 'api_base', type: 'text', text: (call) => quoted(call.apiBase) },
  { name: 'user', type: 'text', text: (call) => quoted(call.userId ?? '') },
  { name: 'end_user', type: 'text', text: (call) => quoted(call.endUser) },
  { name: 'team_id', type: 'text', text: (call) => quoted(call.teamId) },
  { name: 'metadata', type: 'jsonb', text: metadataText },
  { name: 'cache_hit', type: 'text', text: () => '"False"' },
  { name: 'cache_key', type: 'text', text: () => '"Cache OFF"' },
  { name: 'requester_ip_address', type: 'text', text: (call) => quoted(call.requesterIp) },
  { name: 'session_id', type: 'text', text: (call) => quoted(call.callId) },
  { name: 'status', type: 'text', text: (call) => quoted(call.status) },
];

const names = columns.map(({ name }) => `"${name}"`).join(', ');
const types = columns.map(({ name, type }) => `"${name}" ${type}`).join(', ');
const stored = columns.map(({ name, stored }) => stored ?? `"${name}"`).join(', ');
const members = columns.map(({ name, text }, index) => ({
  before: `${index === 0 ? '{' : ','}"${name}":`,
  text,
}));

/**
 * One statement for any number of calls, so that the server plans it once. They travel as one JSON list: as one array
 * a column, the gateway spent four times as long on escaping them. What comes back is one row per key.
 */
const insertCalls = `
  WITH inserted AS (
    INSERT INTO "LiteLLM_SpendLogs" (${names})
    SELECT ${stored} FROM json_to_recordset($1) AS call (${types})
    ON CONFLICT (request_id, "startTime") DO NOTHING
    RETURNING api_key, spend
  )
  SELECT api_key, sum(spend) AS spend FROM inserted GROUP BY api_key`;

interface Inserted {
  readonly api_key: string;
  readonly spend: number;
}

function rowText(call: SpendRecord): string {
  let row = '';
  for (const { before, text } of members) row += before + text(call);
  return storableJson(`${row}}`);
}

const USUAL_ROW_BYTES = 2048;
const MOST_BYTES_A_CHARACTER = 3;

/** Calls as the bytes of one JSON list: putting one text together, for the driver to encode, took twice as long. */
function listOf(calls: readonly SpendRecord[]): Buffer {
  let bytes = Buffer.allocUnsafe(calls.length * USUAL_ROW_BYTES);
  let end = 0;
  for (const call of calls) {
    const text = (end === 0 ? '[' : ',') + rowText(call);
    const wanted = text.length * MOST_BYTES_A_CHARACTER + 1;
    if (bytes.length - end < wanted) {
      bytes = Buffer.concat([bytes.subarray(0, end), Buffer.allocUnsafe(bytes.length + wanted)]);
    }
    end += bytes.write(text, end);
  }
  end += bytes.write(']', end);
  return bytes.subarray(0, end);
}

async function insert(db: Connection, calls: readonly SpendRecord[]): Promise<Inserted[]> {
  return rows<Inserted>(db, { name: 'insert_spend_logs', text: insertCalls, values: [listOf(calls)] });
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
