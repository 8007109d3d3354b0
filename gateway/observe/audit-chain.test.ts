import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AuditRow, type AuditValues, blankable, canonical, chained, NO_ROWS } from './audit-chain.ts';
import { ChainCheck, type ChainExpectation } from './audit-check.ts';

const TIME = Date.UTC(2026, 10, 28);

function rowsOf(values: readonly AuditValues[]): AuditRow[] {
  const rows: AuditRow[] = [];
  for (const [index, each] of values.entries()) {
    const last = rows.at(-1);
    const head = last === undefined ? NO_ROWS : { seq: last.litellm_seq, hash: last.litellm_hash };
    rows.push(chained(head, { ...each, id: `id-${index}`, updated_at: new Date(TIME + index) }));
  }
  return rows;
}

function check(rows: readonly AuditRow[], expected: ChainExpectation = {}) {
  const found = new ChainCheck(expected);
  for (const row of rows) found.add(row);
  return found.end();
}

const anything = fc.jsonValue() as fc.Arbitrary<unknown>;
const object = fc.option(fc.dictionary(fc.string(), anything, { maxKeys: 4 }));
const values: fc.Arbitrary<AuditValues> = fc.record({
  changed_by: fc.string(),
  changed_by_api_key: fc.string(),
  action: fc.constantFrom('created', 'updated'),
  table_name: fc.string(),
  object_id: fc.string(),
  before_value: object,
  updated_values: object,
});
const chain = fc.array(values, { minLength: 1, maxLength: 6 }).map(rowsOf);
const sample = rowsOf(
  Array.from({ length: 5 }, (_, index) => ({
    changed_by: 'ann',
    changed_by_api_key: 'hash',
    action: 'updated',
    table_name: 'LiteLLM_UserTable',
    object_id: `user-${index}`,
    before_value: { user_email: 'ann@example.com' },
    updated_values: { spend: index },
  })),
);
const at = (index: number): AuditRow => sample[index] as AuditRow;
const headAt = (index: number) => ({ seq: at(index).litellm_seq, hash: at(index).litellm_hash });

/** A value gone, and its salt with it. */
function blanked(row: AuditRow, column: (typeof blankable)[number]): AuditRow {
  const { [column]: _gone, ...litellm_salts } = row.litellm_salts;
  return { ...row, [column]: column.endsWith('s') || column === 'before_value' ? null : '', litellm_salts };
}

test('what was written holds, whatever it was, also after it was stored as JSON', () => {
  fc.assert(
    fc.property(chain, (rows) => {
      const stored = rows.map((row) => ({
        ...(JSON.parse(JSON.stringify(row)) as AuditRow),
        updated_at: row.updated_at,
      }));
      expect(check(stored)).toMatchObject({ rows: rows.length, blanked: 0, broken: null });
    }),
  );
});

test('the text of a value does not depend on the order of its members', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), anything), (value) => {
      const turned = Object.fromEntries(Object.entries(value).reverse());
      expect(canonical(turned)).toBe(canonical(value));
    }),
  );
});

test('any value can be blanked in any row, and the chain holds', () => {
  fc.assert(
    fc.property(chain, fc.nat(), fc.constantFrom(...blankable), (rows, which, column) => {
      const index = which % rows.length;
      const changed = rows.map((row, each) => (each === index ? blanked(row, column) : row));
      expect(check(changed)).toMatchObject({ rows: rows.length, blanked: 1, broken: null });
    }),
  );
});

test.each([
  ['a value', { object_id: 'user-9' }, 'object_id was changed'],
  ['a member of a value', { before_value: { user_email: 'eve@example.com' } }, 'before_value was changed'],
  ['the time', { updated_at: new Date(0) }, 'its hash does not fit'],
  ['the action', { action: 'created' }, 'its hash does not fit'],
  ['the table', { table_name: 'LiteLLM_TeamTable' }, 'its hash does not fit'],
  ['a digest', { litellm_digests: { ...at(2).litellm_digests, object_id: 'x' } }, 'its hash does not fit'],
  ['a value without its salt', { litellm_salts: {} }, 'changed_by was changed: it has no salt'],
  ['the hash', { litellm_hash: 'x' }, 'its hash does not fit'],
])('%s that was changed is found in its row', (_title, change, reason) => {
  const rows = sample.map((row, index) => (index === 2 ? { ...row, ...change } : row));
  const { broken, head, rows: good } = check(rows);
  expect(broken).toMatchObject({ seq: 3, reason: expect.stringContaining(reason) });
  expect({ head, good }).toEqual({ head: headAt(1), good: 2 });
});

test.each([
  ['in the middle', [0, 3, 4], { seq: 4, reason: 'rows 2 to 3 before it: missing' }],
  ['at the beginning', [1, 2, 3, 4], { seq: 2, reason: 'row 1 before it: missing' }],
])('rows that are missing %s are found', (_title, kept, broken) => {
  expect(check(kept.map(at)).broken).toEqual(broken);
});

test('a row that was put in anew, with a hash of its own, breaks the one behind it', () => {
  const forged = chained(headAt(1), { ...at(2), object_id: 'somebody else' });
  expect(check([at(0), at(1), forged, at(3)]).broken).toEqual({
    seq: 4,
    reason: 'it does not follow the row before it',
  });
});

test('rows that are missing at the end are found by the head of the database, or by one that was kept', () => {
  const cut = new ChainCheck();
  for (const index of [0, 1, 2]) cut.add(at(index));
  const broken = { seq: 4, reason: 'rows 4 to 5 at the end: missing' };
  expect(cut.end(headAt(4)).broken).toEqual(broken);
  expect(check(sample.slice(0, 3), { kept: headAt(4) }).broken).toEqual(broken);
  expect(check(sample.slice(0, 3)).broken).toBeNull();
});

test('a chain that was written anew as a whole is found by a head that was kept', () => {
  const anew = rowsOf(sample);
  expect(check(anew).broken).toBeNull();
  expect(check(anew, { kept: headAt(2) }).broken).toEqual({
    seq: 3,
    reason: 'it is another one than the head that was kept',
  });
  expect(check(sample, { kept: headAt(2) }).broken).toBeNull();
});

test('the oldest rows may be gone on purpose, if the head before the first one is given', () => {
  expect(check(sample.slice(2), { beginning: headAt(1) })).toMatchObject({ rows: 3, broken: null });
  expect(check(sample.slice(2), { beginning: { seq: 2, hash: 'another' } }).broken?.seq).toBe(3);
});
