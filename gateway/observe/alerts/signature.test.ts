import { expect, test } from 'vitest';
import { readSecret, signatureHeaders } from './signature.ts';

/** Made by Python's `hmac`, not by this program. */
const SECRET = 'whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=';
const MESSAGE = { id: 'msg_1', timestamp: 1_700_000_000, body: '{"event":"budget_crossed","who":"Zoë"}' };

test('a message is signed as the Standard Webhooks specification says', () => {
  const key = readSecret(SECRET) as Buffer;
  expect(key.toString()).toBe('01234567890123456789012345678901');
  expect(signatureHeaders(key, MESSAGE)).toEqual({
    'webhook-id': 'msg_1',
    'webhook-timestamp': '1700000000',
    'webhook-signature': 'v1,pAR5uaUQoZJ5MMktmq6dsFKsuCmC0QF/1QN7P7GAEVg=',
  });
});

test('id, time and body are all signed', () => {
  const key = readSecret(SECRET) as Buffer;
  const signature = (more: object) => signatureHeaders(key, { ...MESSAGE, ...more })['webhook-signature'];
  const others = [{ id: 'msg_2' }, { timestamp: 1_700_000_001 }, { body: '{}' }].map(signature);
  expect(new Set([signature({}), ...others]).size).toBe(4);
});

const base64 = (bytes: number): string => Buffer.alloc(bytes, 7).toString('base64');

test.each([
  ['without its beginning', base64(32)],
  ['with another one', `secret_${base64(32)}`],
  ['that is empty', 'whsec_'],
  ['that is no base64', 'whsec_!!!not-base64-at-all-but-long-enough!!!'],
  ['that is too short', `whsec_${base64(23)}`],
  ['that is too long', `whsec_${base64(65)}`],
])('a secret %s is none', (_what, text) => {
  expect(readSecret(text)).toBeNull();
});

test.each([24, 32, 64])('a secret of %i bytes is one', (bytes) => {
  expect(readSecret(`whsec_${base64(bytes)}`)).toHaveLength(bytes);
});
