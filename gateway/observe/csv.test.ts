import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csvLines, csvRecords } from './csv.ts';

const quote = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
const write = (lines: readonly (readonly string[])[], end: string): string =>
  lines.map((line) => line.map(quote).join(',') + end).join('');

test('what was written is read, whatever the cells hold', () => {
  const cell = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r', ' ', 'ü') });
  const lines = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1 });
  fc.assert(
    fc.property(lines, fc.constantFrom('\n', '\r\n'), (written, end) => {
      expect(csvLines(write(written, end))).toEqual(written);
    }),
  );
});

test('lines are read by the names of the header, with or without an end of the last line', () => {
  const records = [
    { id: '1', value: '{"a":1}' },
    { id: '2', value: '' },
  ];
  expect(csvRecords('id,value\n1,"{""a"":1}"\n2,')).toEqual(records);
  expect(csvRecords('id,value\n1,"{""a"":1}"\n2,\n')).toEqual(records);
});

test('a quote that is not closed is told', () => {
  expect(() => csvLines('id\n"open')).toThrow('not closed');
});
