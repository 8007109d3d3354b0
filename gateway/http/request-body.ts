import type { IncomingMessage } from 'node:http';
import { CollectedBody } from './collected-body.ts';
import type { GatewayError } from './errors.ts';
import { bodyTooLarge } from './failure.ts';
import { limits } from './limits.ts';

/**
 * Hands over the whole body, or the refusal of one that is too large; exactly once, and never when the client leaves
 * before it is complete.
 */
export function readBody(request: IncomingMessage, done: (body: Buffer | GatewayError) => void): void {
  if (Number(request.headers['content-length']) > limits.bodyBytes) {
    done(bodyTooLarge());
    return;
  }
  const collected = new CollectedBody(limits.bodyBytes);
  const onData = (piece: Buffer): void => {
    collected.push(piece);
    if (!collected.overflown) return;
    request.off('data', onData).off('end', onEnd);
    done(bodyTooLarge());
  };
  const onEnd = (): void => done(collected.bytes());
  request.on('data', onData).on('end', onEnd);
}
