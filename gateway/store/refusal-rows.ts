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

/** Stores refused requests as rows that cost nothing; those of somebody who was erased since name nobody. */
export async function insertRefusals(db: Connection, refused: readonly RefusalRow[]): Promise<void> {
  await rows(db, {
    text: `
      INSERT INTO "LiteLLM_SpendLogs" (request_id, call_type, api_key, "startTime", "endTime", team_id, session_id, status,
        "user", requester_ip_address, metadata)
      SELECT r.request_id, r.call_type, r.api_key, r."startTime", r."endTime", r.team_id, r.session_id, r.status,
        coalesce(e.pseudonym, r."user"), CASE WHEN e.subject IS NULL THEN r.requester_ip_address END,
        CASE WHEN e.subject IS NULL THEN r.metadata ELSE r.metadata
          || jsonb_build_object('user_api_key_user_id', e.pseudonym, 'requester_ip_address', NULL) END
      FROM jsonb_populate_recordset(NULL::"LiteLLM_SpendLogs", $1) r
      LEFT JOIN erased_people e ON e.subject = encode(sha256(convert_to('user:' || r."user", 'UTF8')), 'hex')
        AND (e.erased_at IS NULL OR r."startTime" <= e.erased_at)`,
    values: [JSON.stringify(refused.map(recordOf))],
  });
}
