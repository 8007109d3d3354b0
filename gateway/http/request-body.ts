import type { IncomingMessage } from 'node:http';
import type { BodyLimit } from './body-limit.ts';
import { CollectedBody } from './collected-body.ts';
import type { GatewayError } from './errors.ts';

/**
 * Hands over the whole body, or the refusal of one that is too large; exactly once, and never when the client leaves
 * before it is complete.
 */
export function readBody(
  request: IncomingMessage,
  limit: BodyLimit,
  done: (body: Buffer | GatewayError) => void,
): void {
  if (Number(request.headers['content-length']) > limit.bytes) {
    done(limit.refusal());
    return;
  }
  const collected = new CollectedBody(limit.bytes);
  const onData = (piece: Buffer): void => {
    collected.push(piece);
    if (!collected.overflown) return;
    request.off('data', onData).off('end', onEnd);
    done(limit.refusal());
  };
  const onEnd = (): void => done(collected.bytes());
  request.on('data', onData).on('end', onEnd);
}
