import type { RefusalRow } from '../observe/refusals.ts';
import { type Connection, rows } from './connection.ts';

/** A client's text may hold what no column does. */
const storable = (text: string): string => text.toWellFormed().replaceAll('\0', '');

function recordOf(refusal: RefusalRow) {
  const { apiKey, address, status, reason, userId, teamId } = refusal;
  const time = new Date(refusal.time).toISOString();
  return {
    request_id: refusal.callId,
    call_type: '',
    api_key: apiKey,
    startTime: time,
    endTime: time,
    user: userId ?? '',
    team_id: teamId,
    requester_ip_address: address,
    session_id: refusal.callId,
    status: 'error',
    metadata: {
      status: 'error',
      user_api_key: apiKey,
      user_api_key_user_id: userId,
      user_api_key_team_id: teamId,
      user_api_key_request_route: refusal.route,
      requester_ip_address: address,
      error_information: {
        error_code: String(status),
        error_class: reason,
        llm_provider: '',
        error_message: storable(refusal.message),
        traceback: '',
      },
      litellm_masked_key: refusal.maskedKey,
      litellm_refusals: refusal.count,
    },
  };
}

const COLUMNS = `request_id, call_type, api_key, "startTime", "endTime", "user", team_id, requester_ip_address, session_id,
  status, metadata`;

/** Stores refused requests as rows that cost nothing. */
export async function insertRefusals(db: Connection, refused: readonly RefusalRow[]): Promise<void> {
  await rows(db, {
    text: `
      INSERT INTO "LiteLLM_SpendLogs" (${COLUMNS})
      SELECT ${COLUMNS} FROM jsonb_populate_recordset(NULL::"LiteLLM_SpendLogs", $1)`,
    values: [JSON.stringify(refused.map(recordOf))],
  });
}
