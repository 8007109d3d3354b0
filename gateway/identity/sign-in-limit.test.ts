import { expect, test } from 'vitest';
import { addressScope, pauseMs } from './sign-in-limit.ts';

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:aaaa::1', '2001:db8:1:2::/64'],
  ['2001:db8:1:2:bbbb::9', '2001:db8:1:2::/64'],
  ['not an address', 'unknown'],
])('%s counts as %s', (address, scope) => {
  expect(addressScope(address)).toBe(scope);
});

test('the pause starts with the last free attempt, doubles and has an end', () => {
  const limit = { free: 5, longestMs: 60_000 };
  const pauses = [1, 4, 5, 6, 7, 9, 10, 5000].map((attempts) => pauseMs(attempts, limit));
  expect(pauses).toEqual([0, 0, 2000, 4000, 8000, 32_000, 60_000, 60_000]);
});
