import { expect, test } from 'vitest';
import { isLoopback } from './endpoints.ts';
import { isExampleAddress } from './example-address.ts';

test.each([
  'https://example.com/support',
  'https://www.example.org/',
  'https://support.vendor.example/',
  'https://vendor.test/',
  'https://vendor.invalid/terms',
  'https://localhost/privacy',
  'https://192.0.2.7/',
  'https://[2001:db8::1]/',
  'https://10.0.0.1/',
  'https://your-company.com/terms',
  'https://vendor.com/TODO',
  'https://intranet/',
])('%s leads nowhere', (link) => {
  expect(isExampleAddress(link)).toBe(true);
});

test.each(['https://lynxroute.com/support', 'https://docs.vendor.io/todo-list', 'https://8.8.8.8/'])(
  '%s may be shown to buyers',
  (link) => {
    expect(isExampleAddress(link)).toBe(false);
  },
);

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
