import * as fs from 'node:fs';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { hostMachine } from '../firstboot/index.ts';
import { factsBelow, fakeOperator } from '../tests/harness/fake-operator.ts';
import { exitCodes } from './operator.ts';
import { personalDataCommand } from './personal-data.ts';

interface Around {
  readonly exitCode?: number;
  /** Text of database.env. */
  readonly external?: string;
}

/** What is run for these words, and what becomes of its answer. */
async function run(words: readonly string[], { exitCode = 0, external }: Around = {}) {
  const root = mkdtempSync(join(tmpdir(), 'personal-data-'));
  const facts = factsBelow(root);
  if (external !== undefined) {
    mkdirSync(dirname(facts.paths.databaseEnv), { recursive: true });
    writeFileSync(facts.paths.databaseEnv, external);
  }
  const ran: { command: string; env: object | undefined }[] = [];
  const printed = { output: '', errors: '' };
  const machine = {
    ...hostMachine(facts),
    fs,
    run: async (
      program: string,
      args: readonly string[],
      { env, sharedFile }: { env?: object; sharedFile?: number } = {},
    ) => {
      ran.push({ command: [program, ...args].join(' ').replaceAll(facts.paths.program, 'PROGRAM'), env });
      if (sharedFile !== undefined) writeSync(sharedFile, '{}\n');
      return {
        exitCode,
        stdout: sharedFile === undefined ? 'told' : '',
        stderr: exitCode === 0 ? '' : 'why',
      };
    },
  };
  const args = words.map((word) => word.replace('ROOT', root));
  const code = await personalDataCommand(args)(fakeOperator(machine, printed, {}));
  return { ran, printed, code, file: join(root, 'export.json') };
}

const OWNER =
  'setpriv --reuid=litellm-owner --regid=litellm-owner --init-groups -- PROGRAM/bin/node PROGRAM/migrate.mjs';

test('a person is deleted as the owner of the tables, by its socket', async () => {
  const { ran, printed, code } = await run(['delete', '--user', 'ann@example.com', '--dry-run']);
  expect(ran).toEqual([
    {
      command: `${OWNER} personal-data delete --user=ann@example.com --dry-run`,
      env: { DATABASE_OWNER_URL: 'postgresql:///litellm?host=/run/postgresql&user=litellm-owner' },
    },
  ]);
  expect({ code, printed }).toEqual({ code: exitCodes.ok, printed: { output: 'told\n', errors: '' } });
});

test('where the database is elsewhere, with the roles that are named', async () => {
  const { ran } = await run(['delete', '--customer', 'c', '--json'], {
    external: 'DATABASE_URL=postgresql://a\nDATABASE_OWNER_URL=postgresql://b\n',
  });
  expect(ran[0]).toEqual({
    command: `${OWNER} personal-data delete --customer=c --json`,
    env: { DATABASE_URL: 'postgresql://a', DATABASE_OWNER_URL: 'postgresql://b' },
  });
});

test('an export goes into a new file that only root reads', async () => {
  const { ran, file, code } = await run(['export', '--user', 'ann', 'ROOT/export.json']);
  expect(ran[0]?.command).toBe(`${OWNER} personal-data export --user=ann --fd 3`);
  expect(code).toBe(exitCodes.ok);
  expect(readFileSync(file, 'utf8')).toBe('{}\n');
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('for a program the file is named alone', async () => {
  const { printed, file } = await run(['export', '--user', 'ann', 'ROOT/export.json', '--json']);
  expect(JSON.parse(printed.output)).toEqual({ file });
});

test('half an export is no file, and no file is overwritten', async () => {
  const failed = await run(['export', '--user', 'ann', 'ROOT/export.json'], { exitCode: 1 });
  expect({ code: failed.code, errors: failed.printed.errors }).toEqual({
    code: exitCodes.problem,
    errors: 'why\n',
  });
  expect(existsSync(failed.file)).toBe(false);
  await expect(run(['export', '--user', 'ann', '/etc/passwd'])).rejects.toThrow('EEXIST');
});

test.each([
  ['no verb', ['--user', 'ann'], /personal-data export/],
  ['nobody', ['delete'], /name one person/],
  ['two people', ['delete', '--user', 'a', '--customer', 'b'], /name one person/],
  ['an export without a file', ['export', '--user', 'a'], /name one file/],
  ['a file for a deletion', ['delete', '--user', 'a', 'file'], /a word too many/],
  [
    'an export that only counts',
    ['export', '--user', 'a', '--dry-run', 'file'],
    /--dry-run has nothing to do with an export/,
  ],
])('%s is refused', (_title, words, message) => {
  expect(() => personalDataCommand(words)).toThrow(message);
});
