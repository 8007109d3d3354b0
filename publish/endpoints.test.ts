import { expect, test } from 'vitest';
import { isLoopback } from './endpoints.ts';

test.each([
  ['http://127.0.0.1:10000/devstoreaccount1', true],
  ['http://[::1]:9000', true],
  ['https://account.blob.core.windows.net', false],
  // What it leads to is for a resolver to say.
  ['http://localhost:4566', false],
  ['https://127.0.0.1.attacker.example', false],
])('%s stays on this machine: %s', (endpoint, expected) => {
  expect(isLoopback(endpoint)).toBe(expected);
});
