import type { Call } from '../call.ts';
import type { Logger } from './logger.ts';

const HASH_PREFIX = 8;

/** One line per finished call: who, where to, how it ended and what it cost; nothing of what was said. */
export function logCall(logger: Logger, call: Call): void {
  const { deployment, usage, failure } = call;
  logger.info(
    {
      call_id: call.id,
      key: call.identity.keyHash.slice(0, HASH_PREFIX),
      model_group: call.modelGroup,
      model: deployment.upstreamModel,
      deployment: deployment.id.slice(0, HASH_PREFIX),
      provider: deployment.provider,
      streamed: call.streamed,
      status: call.status,
      ...(failure && { error: failure.class, error_code: failure.code }),
      prompt_tokens: usage?.prompt ?? 0,
      completion_tokens: usage?.completion ?? 0,
      spend: call.spend,
      retries: call.retries,
      first_byte_ms: call.firstByteAt === 0 ? null : call.firstByteAt - call.startedAt,
      duration_ms: call.endedAt - call.startedAt,
    },
    'call',
  );
}
