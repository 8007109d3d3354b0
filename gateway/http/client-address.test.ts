import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { clientAddress } from './client-address.ts';

const from = (remoteAddress: string | undefined, forwarded?: string): IncomingMessage =>
  ({ socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } }) as unknown as IncomingMessage;

test.each([
  ['what the edge says', '127.0.0.1', '203.0.113.7', '203.0.113.7'],
  ['what the edge says over a socket of both families', '::ffff:127.0.0.1', '2001:db8::7', '2001:db8::7'],
  ['what the edge says over IPv6', '::1', '203.0.113.7', '203.0.113.7'],
  [
    'the last that the edge did not add itself',
    '127.0.0.1',
    '198.51.100.1, 203.0.113.7 , 127.0.0.1',
    '203.0.113.7',
  ],
  ['the machine itself when the edge says so', '127.0.0.1', '127.0.0.1', '127.0.0.1'],
  ['the connection when the edge says nothing', '127.0.0.1', undefined, '127.0.0.1'],
  ['the connection when somebody else claims to be the edge', '192.0.2.9', '203.0.113.7', '192.0.2.9'],
  ['nothing when the connection is gone', undefined, '203.0.113.7', null],
])('the client is %s', (_what, remote, forwarded, expected) => {
  expect(clientAddress(from(remote, forwarded))).toBe(expected);
});
