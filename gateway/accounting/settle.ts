import type { Call } from '../call.ts';
import type { Content } from './content/content.ts';
import { costOf, ratesFor } from './rates.ts';
import type { SpendRecord } from './spend.ts';
import { readUsage } from './usage.ts';

/**
 * Notes what an answer used and what that costs, at the prices of the moment the call began. A second usage object of the
 * same answer replaces the first.
 */
export function settle(call: Call, usage: unknown): void {
  const read = readUsage(usage);
  if (read === null) return;
  const { price } = call.deployment;
  call.usage = read;
  call.spend = price === null ? 0n : costOf(read, ratesFor(price(call.startedAt), read.prompt));
}

/** Notes what an answer used by our own estimate: it costs no more than was set aside for it. */
export function settleEstimate(call: Call, usage: unknown): void {
  settle(call, usage);
  call.estimated = true;
  const { reservation } = call;
  if (reservation !== null && call.spend > reservation.amount) call.spend = reservation.amount;
}

/** Longer ids than this are nobody's, and too long for an index. */
const LONGEST_ID = 512;

function requestId({ id, responseId }: Call): string {
  return responseId !== null && responseId.length <= LONGEST_ID ? responseId : id;
}

/** The spend row of a finished call, with what is kept of its content. */
export function spendRecord(call: Call, content: Content | null = null): SpendRecord {
  const { identity, deployment, usage } = call;
  return {
    rowId: call.rowId,
    requestId: requestId(call),
    callId: call.id,
    callType: 'acompletion',
    apiKey: identity.keyHash,
    keyAlias: identity.keyAlias,
    userId: identity.userId,
    teamId: identity.teamId,
    organizationId: identity.organizationId,
    agentId: identity.agentId,
    endUser: call.endUser,
    spend: call.spend,
    charges: call.charges,
    promptTokens: usage?.prompt ?? 0,
    completionTokens: usage?.completion ?? 0,
    totalTokens: usage?.total ?? 0,
    estimated: call.estimated,
    usage: usage?.raw ?? null,
    startTime: call.startedAt,
    completionStartTime: call.streamed && call.firstByteAt > 0 ? call.firstByteAt : call.endedAt,
    endTime: call.endedAt,
    model: deployment.upstreamModel,
    modelId: deployment.id,
    modelGroup: call.modelGroup,
    modelNames: call.modelNames,
    provider: deployment.provider,
    apiBase: deployment.apiBase,
    requesterIp: call.requesterIp,
    caller: call.caller,
    logged: call.logged,
    status: call.failure === null ? 'success' : 'failure',
    error: call.failure,
    content,
  };
}
