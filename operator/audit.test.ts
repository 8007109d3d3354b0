import * as fs from 'node:fs';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { hostMachine } from '../firstboot/index.ts';
import { factsBelow, fakeOperator } from '../tests/harness/fake-operator.ts';
import { auditVerify } from './audit.ts';
import { exitCodes } from './operator.ts';

const HEAD = `7:${'ab'.repeat(32)}`;

/** What is run for these options, and what becomes of its answer. */
async function run(options: object, exitCode: number) {
  const facts = factsBelow(mkdtempSync(join(tmpdir(), 'audit-')));
  mkdirSync(dirname(facts.paths.serviceEnv), { recursive: true });
  writeFileSync(facts.paths.serviceEnv, 'DATABASE_URL=postgresql:///litellm\n');
  const ran: { command: string; env: object | undefined }[] = [];
  const printed = { output: '', errors: '' };
  const machine = {
    ...hostMachine(facts),
    fs,
    run: async (program: string, args: readonly string[], { env }: { env?: object } = {}) => {
      ran.push({ command: [program, ...args].join(' ').replaceAll(facts.paths.program, 'PROGRAM'), env });
      return { exitCode, stdout: 'audit log: intact', stderr: '' };
    },
  };
  const code = await auditVerify(fakeOperator(machine, printed, {}), { json: false, ...options });
  return { ran, printed, code };
}

test("the database is checked as the gateway's user, with the gateway's rights", async () => {
  const { ran, printed, code } = await run({ head: HEAD, json: true }, 0);
  expect(ran).toEqual([
    {
      command: `setpriv --reuid=litellm --regid=litellm --init-groups -- PROGRAM/bin/node PROGRAM/migrate.mjs audit --head ${HEAD} --json`,
      env: { DATABASE_URL: 'postgresql:///litellm' },
    },
  ]);
  expect({ code, printed }).toEqual({
    code: exitCodes.ok,
    printed: { output: 'audit log: intact\n', errors: '' },
  });
});

test('an export is read without a database', async () => {
  const { ran } = await run({ file: '-rows.csv', after: HEAD }, 0);
  expect(ran).toEqual([
    { command: `PROGRAM/bin/node PROGRAM/migrate.mjs audit --after ${HEAD} -- -rows.csv`, env: undefined },
  ]);
});

test('a broken chain is a problem', async () => {
  expect((await run({}, 1)).code).toBe(exitCodes.problem);
});
