import { expect, test } from 'vitest';
import { spendRecord } from '../../tests/harness/spend-record.ts';
import { metadataText, plainRows, rowsWithContent } from './spend-row.ts';

const call = spendRecord();

test('the members of metadata stand as jsonb keeps them: by length, then by bytes', () => {
  const members = Object.keys(JSON.parse(metadataText(call)));
  const kept = members.toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1));
  expect(members).toEqual(kept);
});

test.each([
  ['plain row', plainRows],
  ['row with content', rowsWithContent],
])('a %s has as many fields as there are columns', (_which, { row, columns }) => {
  const bytes = Buffer.from(row(call), 'latin1');
  let fields = 0;
  for (let at = 2; at < bytes.length; fields++) at += 4 + Math.max(0, bytes.readInt32BE(at));
  expect(fields).toBe(columns.split(', ').length);
  expect(bytes.readInt16BE(0)).toBe(fields);
});

test.each([
  ['a count of tokens', { promptTokens: 2 ** 40 }],
  ['a cost', { spend: 10n ** 400n }],
])('%s that its column cannot hold is refused', (_title, wrong) => {
  expect(() => plainRows.row({ ...call, ...wrong })).toThrow(RangeError);
});

test.each([
  ['backwards', { startTime: 1000, endTime: 0 }],
  ['a month ahead', { startTime: 0, endTime: 2 ** 40 }],
])('a clock that was set %s during a call does not spoil its row', (_way, times) => {
  expect(() => plainRows.row({ ...call, ...times })).not.toThrow();
});

const nested = (depth: number): Record<string, unknown> => {
  let inner: Record<string, unknown> = {};
  for (let level = 0; level < depth; level++) inner = { inner };
  return inner;
};

test.each([
  ['nested too deep', nested(100_000)],
  ['too large', { note: 'x'.repeat(20_000) }],
])('a usage object that is %s is not kept', (_how, usage) => {
  expect(JSON.parse(metadataText({ ...call, usage }))).toMatchObject({
    status: 'success',
    usage_object: null,
  });
});
