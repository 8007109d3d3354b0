import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { digestOf, RecentDigests } from './recent-digests.ts';

const sha256 = (key: string): string => createHash('sha256').update(key).digest('hex');

test('a key has its own digest, whatever is remembered', () => {
  const digests = new RecentDigests();
  const keys = ['sk-one', 'sk-two', `sk-${'x'.repeat(1000)}`, 'sk-\u00e9'];
  for (let round = 0; round < 2; round++) {
    for (const key of keys) {
      const digest = digests.of(key);
      expect(digest.hex).toBe(sha256(key));
      expect(digest.bytes.toString('hex')).toBe(digest.hex);
      digests.keep(key, digest);
    }
  }
});

test('what is kept is found again, also behind more keys than are remembered', () => {
  const digests = new RecentDigests();
  const first = digestOf('sk-0');
  digests.keep('sk-0', first);
  expect(digests.of('sk-0')).toBe(first);
  for (let key = 1; key <= 5000; key++) digests.keep(`sk-${key}`, digestOf(`sk-${key}`));
  expect(digests.of('sk-0')).not.toBe(first);
  expect(digests.of('sk-0').hex).toBe(first.hex);
  expect(digests.of('sk-5000')).toBe(digests.of('sk-5000'));
});

test('a very long key is not remembered', () => {
  const digests = new RecentDigests();
  const key = `sk-${'x'.repeat(300)}`;
  const digest = digestOf(key);
  digests.keep(key, digest);
  expect(digests.of(key)).not.toBe(digest);
});
