import { expect, test } from 'vitest';
import { Destination } from './destination.ts';

const to = (origin: string, headers: readonly string[] = [], path = '/v1/chat/completions') =>
  new Destination({ origin, path, headers });

test('a head is written once, up to the length of the body', () => {
  const destination = to('https://api.example.com', ['content-type', 'application/json', 'x-a', 'b\tc']);
  expect(destination.head).toBe(
    'POST /v1/chat/completions HTTP/1.1\r\nhost: api.example.com\r\nconnection: keep-alive\r\n' +
      'content-type: application/json\r\nx-a: b\tc\r\ncontent-length: ',
  );
  expect(destination.head).toBe(destination.head);
});

test.each([
  [
    'https://api.example.com',
    { secure: true, host: 'api.example.com', port: 443, serverName: 'api.example.com' },
  ],
  ['http://api.example.com:8080', { secure: false, host: 'api.example.com', port: 8080 }],
  ['http://127.0.0.1:9000', { host: '127.0.0.1', port: 9000, serverName: undefined }],
  ['https://[::1]:8443', { host: '::1', port: 8443, serverName: undefined }],
])('%s is connected to as it says', (origin, expected) => {
  expect(to(origin)).toMatchObject(expected);
});

test.each([
  ['a value that ends the line', ['authorization', 'Bearer secret\n']],
  ['a value that begins another', ['x-a', 'b\r\nx-b: c']],
  ['a value of characters that no header has', ['x-a', '‑']],
  ['a name with a space', ['x a', 'b']],
  ['no name', ['', 'b']],
])('%s is refused, without saying it', (_what, headers) => {
  const destination = to('http://127.0.0.1', headers);
  expect(() => destination.head).toThrow(TypeError);
  expect(() => destination.head).not.toThrow(/secret/);
});

test('a path that would end the line is refused', () => {
  expect(() => to('http://127.0.0.1', [], '/v1 HTTP/1.1').head).toThrow(/no path/);
});
