import { expect, test } from 'vitest';
import { layoutFor, SECTOR, sfdiskScript } from './layout.ts';

const GiB = 2 ** 30;
const MiB = 2 ** 20;

test.each([1, 8, 64])(
  'on a disk of %i GiB the partitions follow each other on whole MiB and end before its end',
  (size) => {
    const { biosBoot, esp, root, sectors } = layoutFor(size * GiB);
    for (const { start } of [biosBoot, esp, root]) expect((start * SECTOR) % MiB).toBe(0);
    expect(biosBoot.start + biosBoot.size).toBe(esp.start);
    expect(esp.start + esp.size).toBe(root.start);
    // The second partition table takes the last 33 sectors.
    expect(root.start + root.size).toBeLessThanOrEqual(sectors - 33);
  },
);

test('the root comes last, so that it can grow', () => {
  const { biosBoot, esp, root } = layoutFor(8 * GiB);
  expect(root.start).toBeGreaterThan(Math.max(biosBoot.start, esp.start));
});

test('a disk without room is refused', () => {
  expect(() => layoutFor(GiB - 1)).toThrow(RangeError);
});

test('sfdisk is told number, place and type of each partition', () => {
  const script = sfdiskScript(layoutFor(8 * GiB));
  expect(script).toContain('label: gpt');
  expect(script).toContain('14 : start=2048, size=8192, type=21686148-6449-6E6F-744E-656564454649');
  expect(script).toContain('15 : start=10240, size=253952, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B');
  expect(script).toMatch(/\n1 : start=264192, size=16510976, type=4F68BCE3-/);
});
