import { expect, test } from 'vitest';
import { nameServersIn } from './name-servers.ts';

test('servers are taken in order; loopback, IPv6 and comments are not', () => {
  const text =
    '# nameserver 192.0.2.9\nnameserver 127.0.0.53\nnameserver 192.0.2.1\nnameserver ::1\nnameserver 192.0.2.2\nsearch example\n';
  expect(nameServersIn(text)).toEqual(['192.0.2.1', '192.0.2.2']);
});

test('a resolver on loopback alone is no server for a machine', () => {
  expect(nameServersIn('nameserver 127.0.0.53\n')).toEqual([]);
});
