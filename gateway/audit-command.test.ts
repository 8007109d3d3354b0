import { expect, test } from 'vitest';
import { readAuditArguments, renderAudit, verifyExport } from './audit-command.ts';
import { type AuditRow, chained, NO_ROWS } from './observe/audit-chain.ts';

const HEAD = `2:${'ab'.repeat(32)}`;

function rows(): AuditRow[] {
  const made: AuditRow[] = [];
  let head = NO_ROWS;
  for (const [index, object_id] of ['one', 'two, "quoted"\nand on'].entries()) {
    const row = chained(head, {
      id: `id-${index}`,
      updated_at: new Date(Date.UTC(2026, 10, 28, 12, 0, 0, index * 120)),
      changed_by: 'ann',
      changed_by_api_key: 'hash',
      action: 'updated',
      table_name: 'LiteLLM_EndUserTable',
      object_id,
      before_value: index === 0 ? null : { user_id: object_id, spend: 1.5 },
      updated_values: { blocked: true },
    });
    made.push(row);
    head = { seq: row.litellm_seq, hash: row.litellm_hash };
  }
  return made;
}

const cell = (value: unknown): string => {
  if (value === null) return '';
  if (value instanceof Date)
    return value
      .toISOString()
      .replace('T', ' ')
      .replace(/\.?0*Z$/, '');
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** As `\copy "LiteLLM_AuditLog" TO 'rows.csv' CSV HEADER` writes them. */
function csv(exported: readonly AuditRow[]): string {
  const names = Object.keys(exported[0] as AuditRow) as (keyof AuditRow)[];
  return [names, ...exported.map((row) => names.map((name) => cell(row[name])))]
    .map((line) => `${line.join(',')}\n`)
    .join('');
}

const exports: readonly (readonly [string, (exported: readonly AuditRow[]) => string])[] = [
  ['CSV', csv],
  ['a JSON list', (exported) => JSON.stringify(exported)],
  ['a JSON object a line', (exported) => exported.map((row) => JSON.stringify(row)).join('\n')],
];

test.each(exports)('an export as %s is read, in any order of its rows', (_title, write) => {
  const made = rows();
  expect(verifyExport(write(made.toReversed()), {})).toMatchObject({ rows: 2, broken: null, unchained: 0 });
});

test.each(exports)('a changed row is found in %s', (_title, write) => {
  const [first, second] = rows() as [AuditRow, AuditRow];
  const { broken } = verifyExport(write([first, { ...second, changed_by: 'eve' }]), {});
  expect(broken).toEqual({ seq: 2, reason: 'changed_by was changed' });
});

test('rows that LiteLLM has written are counted, and are not in the chain', () => {
  const imported = { ...rows()[0], litellm_seq: null, litellm_hash: null };
  expect(verifyExport(JSON.stringify([imported, ...rows()]), {})).toMatchObject({ rows: 2, unchained: 1 });
});

test.each([
  ['columns', 'id,action\n1,created\n', 'has no column updated_at'],
  [
    'a number',
    'id,updated_at,litellm_seq,litellm_hash\n1,2026-11-28,one,x\n',
    'a number or a time that is none',
  ],
  ['JSON', '{"id":', 'the file is no JSON'],
])('an export without %s is refused with the place', (_title, text, message) => {
  expect(() => verifyExport(text, {})).toThrow(message);
});

test('a person reads what holds, what does not, and the head to keep', () => {
  const beginning = { seq: 0, hash: '' };
  const report = {
    rows: 2,
    blanked: 1,
    unchained: 3,
    beginning,
    head: { seq: 2, hash: 'abc' },
    broken: null,
  };
  expect(renderAudit(report)).toBe(
    'audit log: intact\n  2 rows hold; 1 value is blanked\n  3 rows are not chained: from LiteLLM\n  head: 2:abc\n',
  );
  const broken = { ...report, unchained: 0, broken: { seq: 3, reason: 'object_id was changed' } };
  expect(renderAudit(broken)).toBe(
    'audit log: broken\n  row 3: object_id was changed\n  2 rows hold; 1 value is blanked\n  head: 2:abc\n',
  );
});

test('the arguments are a file and heads, as they were printed', () => {
  expect(readAuditArguments(['rows.csv', '--head', HEAD, '--json'])).toEqual({
    file: 'rows.csv',
    json: true,
    expected: { kept: { seq: 2, hash: 'ab'.repeat(32) } },
  });
  expect(() => readAuditArguments(['--after', '2'])).toThrow('--after wants a head as it was printed');
  expect(() => readAuditArguments(['a', 'b'])).toThrow("'b' is a word too many");
});
