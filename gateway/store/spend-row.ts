import { usdFromPico } from '../accounting/money.ts';
import type { SpendRecord } from '../accounting/spend.ts';
import { quoted } from '../quoted.ts';
import {
  type Bytes,
  doubleField,
  integerField,
  jsonbField,
  rowStart,
  textField,
  timestampField,
  uuidField,
} from './copy-format.ts';

/** A provider's counts and a caller's notes are a few; what is more is not kept with every call. */
const MOST_CHARACTERS = 16 * 1024;

/** An object as JSON; `null` for one that is too large. */
function objectText(value: Readonly<Record<string, unknown>> | null): string {
  if (value === null) return 'null';
  try {
    const text = JSON.stringify(value);
    return text.length <= MOST_CHARACTERS ? text : 'null';
  } catch {
    // Nested too deep to be written down.
    return 'null';
  }
}

/**
 * `metadata` of a row, with the member names that LiteLLM's readers look for. They stand in the order in which jsonb
 * keeps them, by length and then by bytes: sorting them cost the server 1 to 3 of 30 µs a row.
 */
export function metadataText(call: SpendRecord): string {
  const { caller } = call;
  const error = call.error && {
    error_code: call.error.code,
    error_class: call.error.class,
    llm_provider: call.provider,
    error_message: call.error.message,
    // Kept for its readers; stack traces are not for a table that many may read.
    traceback: '',
  };
  return (
    `{"status":"${call.status}","consent":${quoted(caller.consent)}${call.estimated ? ',"estimated":true' : ''}` +
    `,"user_agent":${quoted(caller.userAgent)},"usage_object":${objectText(call.usage)}` +
    `,"user_api_key":${quoted(call.apiKey)},"litellm_call_id":${quoted(call.callId)}` +
    `,"error_information":${JSON.stringify(error)},"applied_guardrails":[]` +
    `,"requester_metadata":${objectText(caller.metadata)},"user_api_key_alias":${quoted(call.keyAlias)}` +
    `,"spend_logs_metadata":${objectText(caller.spendLogsMetadata)}` +
    `,"user_api_key_org_id":${quoted(call.organizationId)},"requester_ip_address":${quoted(call.requesterIp)}` +
    `,"user_api_key_team_id":${quoted(call.teamId)},"user_api_key_user_id":${quoted(call.userId)}` +
    `,"additional_usage_values":{},"user_api_key_project_id":null,"user_api_key_team_alias":null}`
  );
}

const LONGEST_MS = 2 ** 31 - 1;

/** A clock that is set in the middle of a call makes any difference, which is none. */
function durationMs({ startTime, endTime }: SpendRecord): number {
  return Math.min(Math.max(Math.round(endTime - startTime), 0), LONGEST_MS);
}

const NO_TAGS = jsonbField('[]');
const NOT_CACHED = textField('False');
const CACHE_OFF = textField('Cache OFF');

/** One entry per column that a call fills; the others have the table's defaults. */
const columns: Readonly<Record<string, (call: SpendRecord) => Bytes>> = {
  litellm_row_id: (call) => uuidField(call.rowId),
  request_id: (call) => textField(call.requestId),
  call_type: (call) => textField(call.callType),
  api_key: (call) => textField(call.apiKey),
  spend: (call) => doubleField(usdFromPico(call.spend)),
  total_tokens: (call) => integerField(call.totalTokens),
  prompt_tokens: (call) => integerField(call.promptTokens),
  completion_tokens: (call) => integerField(call.completionTokens),
  startTime: (call) => timestampField(call.startTime),
  endTime: (call) => timestampField(call.endTime),
  completionStartTime: (call) => timestampField(call.completionStartTime),
  request_duration_ms: (call) => integerField(durationMs(call)),
  model: (call) => textField(call.model),
  model_id: (call) => textField(call.modelId),
  model_group: (call) => textField(call.modelGroup),
  custom_llm_provider: (call) => textField(call.provider),
  api_base: (call) => textField(call.apiBase),
  user: (call) => textField(call.userId ?? ''),
  end_user: (call) => textField(call.endUser),
  team_id: (call) => textField(call.teamId),
  organization_id: (call) => textField(call.organizationId),
  agent_id: (call) => textField(call.agentId),
  metadata: (call) => jsonbField(metadataText(call)),
  cache_hit: () => NOT_CACHED,
  cache_key: () => CACHE_OFF,
  request_tags: ({ caller: { tags } }) => (tags.length === 0 ? NO_TAGS : jsonbField(JSON.stringify(tags))),
  requester_ip_address: (call) => textField(call.requesterIp),
  session_id: (call) => textField(call.callId),
  status: (call) => textField(call.status),
};

/** The messages of a request, which stand in a column of their own too: guides look for them there. */
function messagesText(request: string): string {
  const { messages = {} } = JSON.parse(request) as { readonly messages?: unknown };
  return JSON.stringify(messages);
}

/** What a call whose content is kept fills beside them. */
const contentColumns: typeof columns = {
  messages: ({ content }) => jsonbField(content === null ? '{}' : messagesText(content.request)),
  response: ({ content }) => jsonbField(content?.response ?? '{}'),
  proxy_server_request: ({ content }) => jsonbField(content?.request ?? '{}'),
};

/** Finished calls as COPY takes them. */
export interface SpendRows {
  /** As SQL. */
  readonly columns: string;
  /** Throws RangeError for a number that its column cannot hold. */
  readonly row: (call: SpendRecord) => Bytes;
}

function spendRows(filled: typeof columns): SpendRows {
  const fields = Object.values(filled);
  const start = rowStart(fields.length);
  const names = Object.keys(filled).map((name) => `"${name}"`);
  return {
    columns: names.join(', '),
    row: (call) => {
      let row = start;
      for (const field of fields) row += field(call);
      return row;
    },
  };
}

export const plainRows = spendRows(columns);
export const rowsWithContent = spendRows({ ...columns, ...contentColumns });
