import { expect, test } from 'vitest';
import { readRequest } from './request.ts';

const body = '{"model":"bench","stream": true,"stream_options":{"include_usage":true}}';
const head = 'POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\n';
const withLength = `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
const chunked = `${head}transfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;

test.each([
  ['with a length', withLength],
  ['in chunks', chunked],
])('a body %s is found with what it asks for, and what follows is left', (_, text) => {
  const found = { bytes: text.length, streamed: true, wantsUsage: true };
  expect(readRequest(text)).toEqual(found);
  expect(readRequest(`${text}POST / HTTP/1.1\r\n`)).toEqual(found);
});

test.each([
  ['with a length', withLength],
  ['in chunks', chunked],
])('a request %s is not complete before its last byte', (_, text) => {
  for (let bytes = 0; bytes < text.length; bytes++) {
    expect(readRequest(text.slice(0, bytes))).toBeUndefined();
  }
});

test('a request that asks for no stream gets none', () => {
  expect(readRequest(`${head}content-length: 16\r\n\r\n{"stream":false}`)).toMatchObject({ streamed: false });
});
