import { createHmac } from 'node:crypto';

const PREFIX = 'whsec_';
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** Bytes that a secret may have, as the Standard Webhooks specification says. */
export const secretBytes = { least: 24, most: 64 } as const;

/** The key of a secret that is written as `whsec_` and base64; null for any other text. */
export function readSecret(text: string): Buffer | null {
  const written = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : '';
  if (!BASE64.test(written)) return null;
  const key = Buffer.from(written, 'base64');
  return key.length >= secretBytes.least && key.length <= secretBytes.most ? key : null;
}

/** One attempt to tell something. */
export interface SignedMessage {
  /** The same in each attempt. */
  readonly id: string;
  /** Seconds since 1970, of this attempt. */
  readonly timestamp: number;
  readonly body: string;
}

/**
 * The headers by which a receiver knows who has sent a message, which one it is, and that it is not an old one played again:
 * those of the Standard Webhooks specification (standardwebhooks.com).
 */
export function signatureHeaders(
  key: Buffer,
  { id, timestamp, body }: SignedMessage,
): Record<string, string> {
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': `v1,${signature}`,
  };
}
