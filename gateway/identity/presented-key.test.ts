import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GatewayError } from '../http/errors.ts';
import { abbreviated, presentedKey } from './presented-key.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof GatewayError) return error.code;
    throw error;
  }
  return 'nothing thrown';
}

test.each([
  ['Bearer', { authorization: 'Bearer sk-1' }],
  ['bearer in capitals with two spaces', { authorization: 'BEARER  sk-1 ' }],
  ['Basic with the bare key', { authorization: 'Basic sk-1' }],
  ['Basic with the key as user', { authorization: `Basic ${base64('sk-1:x')}` }],
  ['Basic with the key as password', { authorization: `basic ${base64('me:sk-1')}` }],
  ['Basic with only a user', { authorization: `Basic ${base64('sk-1:')}` }],
  [
    'an AWS signature that carries a bearer',
    { authorization: 'AWS4-HMAC-SHA256 Credential=Bearer sk-1/2026/us/x, Signature=y' },
  ],
  [
    'an AWS signature that carries the key',
    { authorization: 'AWS4-HMAC-SHA256 Credential=sk-1/2026/us/x, Signature=y' },
  ],
  ["LiteLLM's own header", { 'x-litellm-api-key': 'sk-1' }],
  ["LiteLLM's own header with a scheme", { 'x-litellm-api-key': 'Bearer sk-1' }],
  ["Azure's header", { 'api-key': 'sk-1' }],
  ["Anthropic's header", { 'x-api-key': 'sk-1' }],
  ["Google's header", { 'x-goog-api-key': 'sk-1' }],
  ["Azure API management's header", { 'ocp-apim-subscription-key': 'sk-1' }],
])('the key is read from %s', (_title, headers) => {
  expect(presentedKey(headers)).toBe('sk-1');
});

test("LiteLLM's own header wins over Authorization, and that over the others", () => {
  const headers = { 'x-api-key': 'sk-3', authorization: 'Bearer sk-2' };
  expect(presentedKey(headers)).toBe('sk-2');
  expect(presentedKey({ ...headers, 'x-litellm-api-key': 'sk-1' })).toBe('sk-1');
});

test('no header at all is no key', () => {
  expect(codeOf(() => presentedKey({ host: 'gateway.example' }))).toBe('no_api_key');
});

test.each([
  ['an empty Bearer', { authorization: 'Bearer ' }],
  ['a key without its scheme', { authorization: 'sk-1' }],
  ['another scheme', { authorization: 'Digest sk-1' }],
  ['an empty header', { 'x-api-key': '' }],
])('%s is malformed, even when a later header holds a key', (_title, headers) => {
  expect(codeOf(() => presentedKey({ ...headers, 'x-goog-api-key': 'sk-1' }))).toBe('malformed_key');
});

const key = fc.stringMatching(/^sk-[\x21-\x2b\x2d\x2e\x30-\x39\x3b-\x7e]{1,60}$/);
const bareHeader = fc.constantFrom('api-key', 'x-api-key', 'x-goog-api-key', 'x-litellm-api-key');

test('any key comes back unchanged from any header', () => {
  fc.assert(
    fc.property(key, bareHeader, (presented, header) => {
      expect(presentedKey({ [header]: presented })).toBe(presented);
      expect(presentedKey({ authorization: `Bearer ${presented}` })).toBe(presented);
      expect(presentedKey({ authorization: `Basic ${base64(`user:${presented}`)}` })).toBe(presented);
    }),
  );
});

test('any header text gives a key without blank ends, or one of two errors', () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom('authorization', 'x-api-key'), (text, header) => {
      const code = codeOf(() => {
        const found = presentedKey({ [header]: text });
        expect(found).toBe(found.trim());
        expect(found).not.toBe('');
      });
      expect(['nothing thrown', 'malformed_key']).toContain(code);
    }),
  );
});

test.each([
  ['the header that the operator chose', { 'x-own': 'Bearer sk-1' }, 'sk-1'],
  ['it alone, whatever else there is', { 'x-own': 'bearer sk-1', authorization: 'Bearer sk-2' }, 'sk-1'],
])('the key is read from %s', (_title, headers, found) => {
  expect(presentedKey(headers, 'x-own')).toBe(found);
});

test.each([
  ['no key in it', { authorization: 'Bearer sk-1', 'x-litellm-api-key': 'sk-1' }, 'no_api_key'],
  ['no scheme', { 'x-own': 'sk-1' }, 'malformed_key'],
  ['a scheme alone', { 'x-own': 'Bearer ' }, 'malformed_key'],
])('of the header that the operator chose, %s is refused', (_title, headers, code) => {
  expect(codeOf(() => presentedKey(headers, 'x-own'))).toBe(code);
});

test('an abbreviated key shows at most eight of its characters', () => {
  expect(abbreviated('sk-abcdefghijklmnop')).toBe('sk-a****mnop');
  expect(abbreviated('sk-short')).toBe('****');
});
