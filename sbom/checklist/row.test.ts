import { expect, test } from 'vitest';
import { checklist } from './checklist.ts';
import { exemptionOf, type Row, readRows } from './row.ts';

const rows = readRows();

/** The rows of the marketplaces' checklist, by group: none may be forgotten. */
const asked = {
  DSK: 12,
  KRN: 6,
  SWP: 1,
  NET: 2,
  ACC: 6,
  SSH: 6,
  HIS: 1,
  IDN: 9,
  LOG: 1,
  TMP: 1,
  PRV: 1,
  PKG: 10,
  SVC: 8,
  SYS: 2,
  SEC: 8,
  DOC: 3,
};

test.each(Object.entries(asked))('the checklist has all rows of %s', (group, count) => {
  const found = rows.map(({ id }) => id).filter((id) => id.startsWith(group));
  const wanted = Array.from(
    { length: count },
    (_, index) => `${group}-${String(index + 1).padStart(2, '0')}`,
  );
  expect(found.sort()).toEqual(wanted);
});

test('each row is there once, and each is looked at in exactly the places that it names', () => {
  const ids = rows.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(Object.keys(checklist).sort()).toEqual([...ids].sort());
  for (const { id, where } of rows)
    expect(Object.keys(checklist[id] ?? {}).sort(), id).toEqual([...where].sort());
});

test('a row that is not asked of an image says why', () => {
  const image = { target: 'qemu', base: 'ubuntu-24.04', mirrored: false };
  const exempt = rows.filter((row) => exemptionOf(row, image) !== undefined).map(({ id }) => id);
  expect(exempt).toEqual([
    'DSK-01',
    'DSK-02',
    'DSK-03',
    'DSK-07',
    'DSK-08',
    'KRN-02',
    'SEC-07',
    'DOC-01',
    'DOC-02',
  ]);
  const azure = rows.filter((row) => exemptionOf(row, { ...image, target: 'azure' }) !== undefined);
  expect(azure.map(({ id }) => id)).toEqual(['DSK-07', 'DSK-08', 'SEC-07']);
});

test('a row may be asked of one base only', () => {
  const some = rows.find(({ targets }) => targets === undefined) as Row;
  const ofUbuntu: Row = { ...some, bases: ['ubuntu-24.04'], why: 'Debian has it not' };
  const image = { target: 'qemu', mirrored: false };
  expect(exemptionOf(ofUbuntu, { ...image, base: 'ubuntu-24.04' })).toBeUndefined();
  expect(exemptionOf(ofUbuntu, { ...image, base: 'debian-13' })).toBe('base debian-13: Debian has it not');
});
