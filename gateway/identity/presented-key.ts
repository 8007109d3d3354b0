import type { IncomingHttpHeaders } from 'node:http';
import { GatewayError } from '../http/errors.ts';

/** Headers that may carry the key, in order: the first one that is present decides. */
export const keyHeaders = [
  'x-litellm-api-key',
  'authorization',
  'api-key',
  'x-api-key',
  'x-goog-api-key',
  'ocp-apim-subscription-key',
] as const;

const SCHEME = /^(bearer|basic)(?:\s+(.*))?$/is;
const AWS_CREDENTIAL = /^aws4-hmac-sha256\s+credential=(?:bearer\s+)?([^\s/,]+)\//i;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** `Basic` holds the key as it is (Langfuse's client) or, by the standard, base64 of `user:password` with the key as either. */
function basicKey(credentials: string): string {
  if (credentials.startsWith('sk-') || !BASE64.test(credentials)) return credentials;
  const decoded = Buffer.from(credentials, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon === -1) return credentials;
  const [user, password] = [decoded.slice(0, colon), decoded.slice(colon + 1)];
  return user.startsWith('sk-') || password === '' ? user : password;
}

/** What follows the scheme; undefined when the value names no scheme that we know. */
function withoutScheme(value: string): string | undefined {
  const [, scheme, rest = ''] = SCHEME.exec(value) ?? [];
  if (scheme === undefined) return undefined;
  const credentials = rest.trim();
  return scheme.toLowerCase() === 'basic' ? basicKey(credentials) : credentials;
}

function keyIn(header: (typeof keyHeaders)[number], raw: string): string {
  const value = raw.trim();
  const key = withoutScheme(value);
  if (key !== undefined) return key;
  if (header !== 'authorization') return value;
  return AWS_CREDENTIAL.exec(value)?.[1] ?? '';
}

/** The key in the header that the operator has chosen for it: with a scheme, so that the header's own texts are no keys. */
function keyInOwn(header: string, headers: IncomingHttpHeaders): string {
  const raw = headers[header];
  if (raw === undefined) {
    throw new GatewayError(
      'no_api_key',
      `Authentication Error, No api key passed in. Send it as \`${header}: Bearer <key>\``,
    );
  }
  const key = withoutScheme(String(raw).trim()) ?? '';
  if (key !== '') return key;
  throw new GatewayError(
    'malformed_key',
    `Authentication Error, Malformed API Key passed in: \`${header}\` must hold the key after the prefix \`Bearer \``,
  );
}

/**
 * The key that the request presents. `own`: name in lower case of the only header that holds keys, where the operator has
 * chosen one. Throws GatewayError no_api_key or malformed_key.
 */
export function presentedKey(headers: IncomingHttpHeaders, own: string | null = null): string {
  if (own !== null) return keyInOwn(own, headers);
  const header = keyHeaders.find((name) => headers[name] !== undefined);
  if (header === undefined) {
    throw new GatewayError(
      'no_api_key',
      'Authentication Error, No api key passed in. Send it as `Authorization: Bearer <key>`',
    );
  }
  const key = keyIn(header, String(headers[header]));
  if (key === '') {
    throw new GatewayError(
      'malformed_key',
      `Authentication Error, Malformed API Key passed in: \`${header}\` must hold the key, in \`Authorization\` after the prefix \`Bearer \``,
    );
  }
  return key;
}

/** First and last four characters; a text too short to stay secret that way is hidden whole. */
export function abbreviated(key: string): string {
  return key.length < 16 ? '****' : `${key.slice(0, 4)}****${key.slice(-4)}`;
}
