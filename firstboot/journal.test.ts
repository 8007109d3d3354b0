import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { newJournal, readJournal, readMarker, withoutSecrets, withStep, writeRecord } from './journal.ts';
import { makeSecrets } from './secrets.ts';

const now = new Date('2026-11-21T12:00:00Z');
const secrets = makeSecrets(
  randomBytes,
  { adminPassword: 'random', target: 'qemu' },
  { cloud: 'none', machineId: 'm' },
);
const journal = newJournal('m', now, secrets);

let path: string;
beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'journal-')), 'journal.json');
});

test('a journal is read as it was written, by root only', () => {
  const marked = withStep(journal, 'a-step', 'started', now);
  writeRecord(fs, path, marked);
  expect(readJournal(fs, path)).toEqual(marked);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('no file is no journal', () => {
  expect(readJournal(fs, path)).toBeUndefined();
});

test('dropping the secrets leaves nothing of them', () => {
  const text = JSON.stringify(withoutSecrets(withStep(journal, 'a-step', 'done', now)));
  for (const secret of Object.values(secrets)) expect(text).not.toContain(secret);
  expect(text).toContain('a-step');
});

test.each([
  ['text that is not JSON', '{"secrets":"sk-secret', 'it is not JSON'],
  ['an empty file', '', 'it is not JSON'],
  ['null', 'null', 'its format is not 1'],
  ['a newer format', '{"format":2}', 'its format is not 1'],
  ['a missing field', '{"format":1,"machineId":"m"}', 'is missing'],
])('%s is refused without quoting it, and nobody is told to delete it', (_title, text, why) => {
  writeFileSync(path, text);
  for (const read of [readJournal, readMarker]) {
    expect(() => read(fs, path)).toThrow(why);
    expect(() => read(fs, path)).not.toThrow('sk-secret');
    expect(() => read(fs, path)).toThrow(
      expect.objectContaining({ remedy: expect.stringContaining('restore this file from a backup') }),
    );
  }
});
