import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RowIds } from './row-id.ts';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const NOW = Date.UTC(2026, 10, 21);

test('an id is a UUID of version 7 that holds its millisecond', () => {
  const ids = new RowIds({ now: () => 0x0123_4567_89ab, fill: (bytes) => bytes.fill(0xff) });
  expect(ids.next()).toBe('01234567-89ab-7fff-bfff-ffffffffffff');
});

test('ids sort by their time, whatever is random in them', () => {
  const times = fc.uniqueArray(fc.integer({ min: 0, max: 2 ** 48 - 1 }), { minLength: 2, maxLength: 50 });
  fc.assert(
    fc.property(times, (list) => {
      let now = 0;
      const ids = new RowIds({ now: () => now });
      const made = list
        .toSorted((one, other) => one - other)
        .map((time) => {
          now = time;
          return ids.next();
        });
      expect(made).toEqual(made.toSorted());
      for (const id of made) expect(id).toMatch(UUID_V7);
    }),
  );
});

test('no id is made twice in one millisecond', () => {
  const ids = new RowIds({ now: () => NOW });
  const made = Array.from({ length: 5000 }, () => ids.next());
  expect(new Set(made).size).toBe(made.length);
});
