import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HeardVersions } from './heard-versions.ts';

test('announcements that follow each other miss nothing, and a reading agrees with them', () => {
  const versions = new HeardVersions();
  expect(versions.read(7, null)).toBe(true);
  expect(versions.announced(8)).toBe(false);
  expect(versions.announced(9)).toBe(false);
  expect(versions.read(9, 8)).toBe(false);
});

test('a gap between announcements is noticed once', () => {
  const versions = new HeardVersions();
  versions.read(7, null);
  expect(versions.announced(9)).toBe(true);
  expect(versions.announced(10)).toBe(false);
});

test('a reading that an announcement has overtaken is no older database', () => {
  const versions = new HeardVersions();
  versions.read(7, null);
  const asked = versions.last;
  versions.announced(8);
  expect(versions.read(7, asked)).toBe(false);
  expect(versions.last).toBe(8);
});

test('a number below what was heard is that of another database', () => {
  const versions = new HeardVersions();
  versions.read(7, null);
  expect(versions.read(3, 7)).toBe(true);
  expect(versions.announced(4)).toBe(false);
});

type Step = 'change' | 'lost change' | 'read';

test('whatever is lost, a reading leaves nothing stale, and what was heard is never forgotten for nothing', () => {
  const step = fc.constantFrom<Step>('change', 'lost change', 'read');
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const versions = new HeardVersions();
      let version = 0;
      versions.read(version, null);
      /** The changes that have not reached memory. */
      let missing = 0;
      const took = (missed: boolean): void => {
        if (missed) expect(missing).toBeGreaterThan(0);
        if (missed) missing = 0;
      };
      for (const now of steps) {
        if (now === 'read') {
          took(versions.read(version, versions.last));
          expect(missing).toBe(0);
          continue;
        }
        version++;
        if (now === 'lost change') missing++;
        else {
          took(versions.announced(version));
          expect(missing).toBe(0);
        }
      }
    }),
  );
});
