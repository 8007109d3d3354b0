import { expect, test } from 'vitest';
import { audited, changedColumns } from './audit-entry.ts';

const SECRET = ['sk', 'a-secret-of-somebody-0001'].join('-');

test.each([
  ['a member that is named as a secret', { metadata: { api_key: 'abcd-very-secret-wxyz' } }],
  ['a list under such a name', { metadata: { keys: ['abcd-very-secret-wxyz'] } }],
  ['an object under such a name', { metadata: { credentials: { user: 'abcd-very-secret-wxyz' } } }],
  ['a password', { password: 'abcd-very-secret-wxyz' }],
])('%s is shown by its ends alone', (_title, row) => {
  const text = JSON.stringify(audited(row));
  expect(text).not.toContain('very-secret');
  expect(text).toContain('abcd****wxyz');
});

test('a key within a text is masked, wherever it stands', () => {
  const row = { key_alias: `for ${SECRET}`, metadata: { note: [`use ${SECRET} please`] } };
  expect(audited(row)).toEqual({
    key_alias: 'for sk-a****0001',
    metadata: { note: ['use sk-a****0001 please'] },
  });
});

test('what only sounds like a secret stays: a hash, a name, numbers', () => {
  const row = {
    token: 'a'.repeat(64),
    key_name: 'sk-...0001',
    key_alias: 'the key of ann',
    tpm_limit: 5,
    metadata: { max_tokens: 10 },
  };
  expect(audited(row)).toEqual(row);
});

test('times are as in JSON, and what is empty is left out', () => {
  expect(audited({ expires: new Date(0), team_id: null, models: [] })).toEqual({
    expires: '1970-01-01T00:00:00.000Z',
    models: [],
  });
});

test('of a change only the columns that differ are told, an emptied one as null', () => {
  const before = {
    spend: 1,
    team_id: 'red',
    expires: new Date(0),
    updated_at: new Date(0),
    metadata: { a: 1, b: 2 },
  };
  const after = {
    spend: 2,
    team_id: null,
    expires: new Date(0),
    updated_at: new Date(9),
    metadata: { b: 2, a: 1 },
  };
  expect(changedColumns(before, after)).toEqual({ spend: 2, team_id: null });
});
