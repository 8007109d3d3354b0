/** What holds of every sub-command alike: help, root, refusals, exit codes and output for programs. */
import * as fs from 'node:fs';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import type { ProgramResult } from '../appliance/index.ts';
import { hostMachine } from '../firstboot/index.ts';
import { factsBelow, fakeOperator, type Printed } from '../tests/harness/fake-operator.ts';
import type { accessVerbs } from './access/verbs.ts';
import { exitCodes, type Operator } from './operator.ts';
import { runCommandLine } from './run.ts';
import { usage } from './usage.ts';

const commands = Object.keys(usage).filter((topic) => topic !== 'main');

/** What each is called with when it does nothing but look. */
const looking: Readonly<Record<string, readonly string[]>> = {
  status: ['status'],
  config: ['config', 'check'],
  database: ['database', 'check'],
  credentials: ['credentials'],
  access: ['access'],
  certificate: ['certificate', 'status'],
  verify: ['verify'],
  audit: ['audit', 'verify'],
  'personal-data': ['personal-data', 'delete', '--user', 'ann', '--dry-run'],
  logs: ['logs'],
};

let printed: Printed;
let ran: string[];
beforeEach(() => {
  printed = { output: '', errors: '' };
  ran = [];
});

/** A machine whose first boot is complete, whose programs all say yes. */
function operatorWith(changes: Partial<Operator> = {}): Operator {
  const facts = factsBelow(mkdtempSync(join(tmpdir(), 'commands-')));
  const { credentials, serviceEnv, firstbootState, access, edgeIncludes, banExemptions, egressRules } =
    facts.paths;
  for (const path of [firstbootState, edgeIncludes, egressRules]) mkdirSync(path, { recursive: true });
  for (const path of [credentials, serviceEnv, access, banExemptions])
    mkdirSync(dirname(path), { recursive: true });
  writeFileSync(credentials, 'Admin user:           admin\nMaster key:           sk-1\n');
  writeFileSync(serviceEnv, 'LITELLM_MASTER_KEY=sk-1\n');
  const run = async (program: string, args: readonly string[]): Promise<ProgramResult> => {
    ran.push([program, ...args].join(' '));
    const stdout = program === 'fail2ban-client' && args[0] === 'unban' ? '1' : '';
    return { exitCode: 0, stdout, stderr: '' };
  };
  // The machine's own cluster is where Debian puts it.
  const existsSync = (path: fs.PathLike): boolean =>
    String(path).startsWith('/etc/postgresql/') || fs.existsSync(path);
  const machine = {
    ...hostMachine(facts),
    fs: { ...fs, existsSync },
    run,
    reloadEdge: async () => undefined,
  };
  const lines: Operator['lines'] = async function* (program) {
    ran.push(program);
    if (program === 'journalctl') yield JSON.stringify({ __REALTIME_TIMESTAMP: '1', MESSAGE: 'begun' });
  };
  return fakeOperator(machine, printed, {
    lines,
    readSecret: async () => 'correct horse battery',
    ...changes,
  });
}

const call = (args: readonly string[], changes?: Partial<Operator>): Promise<number> =>
  runCommandLine(operatorWith(changes), args);

test('the help of the whole lists each of them', () => {
  expect(commands.filter((command) => !usage.main.includes(`\n  ${command} `))).toEqual([]);
  expect(commands.filter((command) => looking[command] === undefined)).toEqual([]);
});

test.each(commands)('%s --help tells how to call it, who ever asks', async (command) => {
  for (const option of ['--help', '-h']) {
    printed = { output: '', errors: '' };
    expect(await call([command, option], { isRoot: false })).toBe(exitCodes.ok);
    expect(printed.output).toBe(usage[command as keyof typeof usage]);
    expect(printed.errors).toBe('');
  }
  expect(printed.output).toContain(`Usage: litellm-ctl ${command}`);
  expect(printed.output).toContain('--json');
  expect(printed.output).toContain('Exit codes: 0 ');
});

test.each(commands)('%s is for root alone', async (command) => {
  expect(await call(looking[command] ?? [], { isRoot: false })).toBe(exitCodes.problem);
  expect(printed.errors).toBe(
    'litellm-ctl: only root may do this\nwhat to do: put sudo before the command\n',
  );
  expect(printed.output).toBe('');
  expect(ran).toEqual([]);
});

test.each(commands)('%s refuses an option that it does not know', async (command) => {
  expect(await call([...(looking[command] ?? []), '--no-such-option'])).toBe(exitCodes.usage);
  expect(printed.errors).toContain("'--no-such-option'");
  expect(printed.errors).toContain("what to do: read 'litellm-ctl --help'");
  expect(printed.output).toBe('');
  expect(ran).toEqual([]);
});

test.each(commands)('%s refuses a value for --json', async (command) => {
  expect(await call([...(looking[command] ?? []), '--json=yes'])).toBe(exitCodes.usage);
  expect(ran).toEqual([]);
});

test.each([
  [['status'], ['verdict', 'name', 'versions', 'checks']],
  [
    ['config', 'check'],
    ['verdict', 'file', 'said'],
  ],
  [
    ['database', 'check'],
    ['applied', 'detail', 'note'],
  ],
  [
    ['database', 'apply'],
    ['applied', 'detail', 'note'],
  ],
  [['credentials'], ['publicIp', 'privateIp', 'adminUrl', 'adminUser', 'adminPassword', 'masterKey']],
  [
    ['credentials', '--reset-admin-password'],
    ['adminUser', 'adminPassword'],
  ],
  [['access'], ['applied', 'lists', 'limits', 'proxies']],
  [
    ['access', 'unban', '203.0.113.9'],
    ['address', 'wasBanned'],
  ],
  [['access', 'egress'], ['allowed']],
  [
    ['logs', 'gateway'],
    ['at', 'part', 'source', 'message'],
  ],
])('%s --json prints one JSON value', async (args, members) => {
  await call([...args, '--json']);
  expect(Object.keys(JSON.parse(printed.output))).toEqual(expect.arrayContaining(members));
});

const words: Readonly<Record<keyof typeof accessVerbs, string>> = {
  ...{ allow: 'admin 203.0.113.0/24', deny: 'admin 203.0.113.9', open: 'admin', close: 'admin' },
  ...{
    limits: '--requests 9',
    proxies: 'trust 203.0.113.9',
    'client-certificates': 'off',
    'basic-auth': 'off',
  },
  ...{ bans: '', unban: '203.0.113.9', egress: '', apply: '' },
};

test.each(Object.entries(words))('access %s prints JSON, wherever --json stands', async (verb, rest) => {
  const after = rest.split(' ').filter((word) => word !== '');
  expect(await call(['access', verb, ...after, '--json'])).toBe(exitCodes.ok);
  const shown = JSON.parse(printed.output);
  printed.output = '';
  expect(await call(['access', verb, '--json', ...after])).toBe(exitCodes.ok);
  expect(JSON.parse(printed.output)).toEqual(shown);
});

test("provider keys are sealed anew by the gateway's own program, as the gateway's user", async () => {
  expect(await call(['database', 'reseal', '--json'])).toBe(exitCodes.ok);
  expect(ran).toEqual([
    expect.stringMatching(/^setpriv --reuid=litellm .* -- \S+\/bin\/node \S+\/migrate\.mjs reseal --json$/),
  ]);
});
