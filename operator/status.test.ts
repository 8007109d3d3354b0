import * as fs from 'node:fs';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ProgramResult } from '../appliance/index.ts';
import { hostMachine, layoutOf } from '../firstboot/index.ts';
import { factsBelow, fakeOperator, type Printed } from '../tests/harness/fake-operator.ts';
import { exitCodes, type Operator } from './operator.ts';
import { runCommandLine } from './run.ts';

const DAY_MS = 24 * 60 * 60_000;
const now = new Date('2026-11-21T12:00:00Z');

let root: string;
let printed: Printed;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'operator-'));
  printed = { output: '', errors: '' };
});

const UNIT = {
  LoadState: 'loaded',
  Type: 'oneshot',
  ActiveState: 'active',
  SubState: 'exited',
  Result: 'success',
  Job: '',
  ExecMainStartTimestampMonotonic: '1',
  InactiveEnterTimestampMonotonic: '0',
};

function shown(unit: object): string {
  return Object.entries({ ...UNIT, ...unit })
    .map(([name, value]) => `${name}=${value}`)
    .join('\n');
}

interface Changes extends Partial<Operator> {
  readonly unit?: object;
  /** Changes to units, by name. */
  readonly units?: Readonly<Record<string, object>>;
  readonly configCheck?: ProgramResult;
  readonly marker?: boolean;
}

/** A machine on which all is well, but for the changes. Its programs answer as systemctl and the gateway would. */
function operatorWith({
  unit = {},
  units: others = {},
  configCheck,
  marker = true,
  ...changes
}: Changes = {}): Operator {
  const facts = factsBelow(root);
  mkdirSync(facts.paths.firstbootState, { recursive: true });
  mkdirSync(join(root, 'etc/litellm'), { recursive: true });
  writeFileSync(facts.paths.serviceEnv, 'LITELLM_MASTER_KEY=sk-secret\n');
  const record = { format: 1, machineId: 'other', version: '0.1.0', completedAt: now.toISOString() };
  if (marker) writeFileSync(layoutOf(facts).marker, JSON.stringify(record));
  const machine = {
    ...hostMachine(facts),
    fs: { ...fs, readFileSync: readHost as typeof fs.readFileSync },
    now: () => now,
    run: async (program: string, args: readonly string[]): Promise<ProgramResult> => {
      if (program === 'setpriv') return configCheck ?? { exitCode: 0, stdout: '', stderr: '' };
      const units = args
        .slice(2)
        .map((name) => shown({ Id: name, ...(name === 'litellm.service' ? unit : {}), ...others[name] }));
      return { exitCode: 0, stdout: units.join('\n\n'), stderr: '' };
    },
  };
  return fakeOperator(machine, printed, { servedCertificate: async () => certificate(90), ...changes });
}

/** This machine's own identity stands in for that of the machine under test. */
function readHost(path: string, ...rest: unknown[]): unknown {
  if (path === '/sys/class/dmi/id/product_uuid') return '4f1c8a52-6f0e-4c5b-9a52-0d1f5a3c2b11\n';
  return (fs.readFileSync as (...args: unknown[]) => unknown)(path, ...rest);
}

const certificate = (days: number, selfSigned = true) => ({
  selfSigned,
  names: 'DNS:gateway-1',
  issuer: 'CN=gateway-1',
  chain: [],
  serialNumber: '0A',
  fingerprint: 'AB:CD',
  validFrom: new Date(now.getTime() + (days - 365) * DAY_MS),
  expiresAt: new Date(now.getTime() + days * DAY_MS),
});

const refused = async (): Promise<never> => {
  throw new Error('connect ECONNREFUSED');
};

test('a machine on which all is well is ready', async () => {
  expect(await runCommandLine(operatorWith(), ['status'])).toBe(exitCodes.ok);
  expect(printed.output).toContain('litellm-appliance 0.1.0: ready');
  expect(printed.output).not.toMatch(/PROBLEM|waiting/);
  for (const part of [
    'first boot',
    'postgresql@17-main.service',
    'gateway',
    'config',
    'certificate',
    'disk',
  ]) {
    expect(printed.output).toContain(part);
  }
});

test.each<[string, Changes, number, string]>([
  ['first boot is under way', { marker: false }, exitCodes.starting, 'has not begun'],
  [
    'the gateway is starting',
    { unit: { ActiveState: 'activating', SubState: 'start' }, readiness: refused },
    exitCodes.starting,
    'activating (start)',
  ],
  [
    'a unit waits for its turn',
    { unit: { ActiveState: 'inactive', SubState: 'dead', Type: 'simple', Job: '42' }, readiness: refused },
    exitCodes.starting,
    'inactive (dead)',
  ],
  [
    'first boot has yet to start the database',
    {
      marker: false,
      units: {
        'litellm-firstboot.service': { ActiveState: 'activating', SubState: 'start' },
        'postgresql@17-main.service': { ActiveState: 'inactive', SubState: 'dead', Type: 'forking' },
      },
    },
    exitCodes.starting,
    'inactive (dead)',
  ],
  [
    'the credentials file still lacks the public address',
    { units: { 'litellm-address.service': { ActiveState: 'activating', SubState: 'start' } } },
    exitCodes.starting,
    'activating (start)',
  ],
  ['the gateway is not ready', { readiness: async () => 503 }, exitCodes.starting, 'status 503'],
  ['the gateway is broken', { readiness: async () => 500 }, exitCodes.problem, 'status 500'],
  [
    'a service has failed',
    { unit: { ActiveState: 'failed', SubState: 'failed', Result: 'exit-code' } },
    exitCodes.problem,
    'journalctl -b -u litellm.service',
  ],
  [
    'a service was stopped',
    { unit: { ActiveState: 'inactive', SubState: 'dead', Type: 'simple' } },
    exitCodes.problem,
    'inactive (dead)',
  ],
  ['a unit is missing', { unit: { LoadState: 'not-found' } }, exitCodes.problem, 'the image lacks it'],
  [
    'the configuration is wrong',
    { configCheck: { exitCode: 1, stdout: '', stderr: "model_list.0: 'modle_name' is not known" } },
    exitCodes.problem,
    "'modle_name' is not known",
  ],
  [
    'an issued certificate was not renewed',
    { servedCertificate: async () => certificate(20, false) },
    exitCodes.ok,
    'WARNING  certificate                 issued by a certificate authority, expires soon (20 days left)',
  ],
  [
    'the self-signed certificate has expired',
    { servedCertificate: async () => certificate(-2) },
    exitCodes.problem,
    'expired 2 days ago',
  ],
  [
    'the disk is nearly full',
    { diskSpace: () => ({ freeBytes: 1024, totalBytes: 1024 ** 4 }) },
    exitCodes.problem,
    '0.0 GiB of 1024.0 GiB free',
  ],
  [
    'a check cannot run',
    {
      diskSpace: () => {
        throw new Error('no such file system');
      },
    },
    exitCodes.problem,
    'could not be checked: no such file system',
  ],
])('when %s the status says so, and its exit code too', async (_title, changes, exitCode, said) => {
  expect(await runCommandLine(operatorWith(changes), ['status'])).toBe(exitCode);
  expect(printed.output).toContain(said);
});

test('the fingerprint of a self-signed certificate can be compared with what a browser shows', async () => {
  await runCommandLine(operatorWith(), ['status']);
  expect(printed.output).toContain('self-signed, SHA-256 AB:CD, expires in 90 days, for DNS:gateway-1');
});

test('a oneshot that has run and ended is well', async () => {
  const unit = { ActiveState: 'inactive', SubState: 'dead' };
  expect(await runCommandLine(operatorWith({ unit }), ['status'])).toBe(exitCodes.ok);
});

test('a oneshot that runs once more is well', async () => {
  const again = { ActiveState: 'activating', SubState: 'start', InactiveEnterTimestampMonotonic: '5' };
  const units = { 'litellm-address.service': again };
  expect(await runCommandLine(operatorWith({ units }), ['status'])).toBe(exitCodes.ok);
});

test('waiting ends when the machine is ready', async () => {
  let looks = 0;
  const readiness = async (): Promise<number> => (++looks < 4 ? 503 : 200);
  expect(await runCommandLine(operatorWith({ readiness }), ['status', '--wait'])).toBe(exitCodes.ok);
  expect(looks).toBe(4);
});

test('until the services stand, nothing but them is looked at', async () => {
  let looks = 0;
  const units = { 'litellm.service': { ActiveState: 'activating', SubState: 'start-pre' } };
  const readiness = async (): Promise<number> => {
    looks += 1;
    return 503;
  };
  const operator = operatorWith({ units, readiness });
  expect(await runCommandLine(operator, ['status', '--wait', '60'])).toBe(exitCodes.starting);
  expect(looks).toBe(1);
});

test('while first boot is under way systemd is asked now and then, in pauses that grow', async () => {
  const pauses: number[] = [];
  const unit = { ActiveState: 'activating', SubState: 'start' };
  const pause = async (ms: number): Promise<void> => void pauses.push(ms);
  const operator = operatorWith({ marker: false, unit, pause });
  let asked = 0;
  const run: typeof operator.machine.run = (program, ...rest) => {
    if (program === 'systemctl') asked += 1;
    return operator.machine.run(program, ...rest);
  };
  const booting = { ...operator, machine: { ...operator.machine, run } };
  expect(await runCommandLine(booting, ['status', '--wait', '120'])).toBe(exitCodes.starting);
  expect(pauses.reduce((sum, ms) => sum + ms)).toBe(120_000);
  expect(pauses.slice(0, -1)).toEqual(pauses.slice(0, -1).toSorted((one, other) => one - other));
  expect(asked).toBeGreaterThan(1);
  expect(asked).toBeLessThan(pauses.length / 2);
});

test('waiting ends at once when there is a problem', async () => {
  let pauses = 0;
  const pause = async (): Promise<void> => void pauses++;
  const operator = operatorWith({ readiness: async () => 500, pause });
  expect(await runCommandLine(operator, ['status', '--wait'])).toBe(exitCodes.problem);
  expect(pauses).toBe(0);
});

test('waiting ends after the time given', async () => {
  let pausedMs = 0;
  const pause = async (ms: number): Promise<void> => {
    pausedMs += ms;
  };
  const operator = operatorWith({ readiness: async () => 503, pause });
  expect(await runCommandLine(operator, ['status', '--wait', '60'])).toBe(exitCodes.starting);
  expect(pausedMs).toBe(60_000);
});

test('programs get JSON', async () => {
  await runCommandLine(operatorWith(), ['status', '--json']);
  const seen = JSON.parse(printed.output);
  expect(seen).toMatchObject({
    verdict: 'ready',
    versions: { appliance: '0.1.0', postgresql: 17, node: '24' },
  });
  expect(seen.checks).toHaveLength(12);
});

test('a copied machine is told so', async () => {
  await runCommandLine(operatorWith(), ['status']);
  expect(printed.output).toContain('this machine is a copy of other');
});

test.each([
  [['status']],
  [['config', 'check']],
  [['credentials']],
  [['credentials', '--reset-admin-password']],
])('%s needs root', async (args) => {
  expect(await runCommandLine(operatorWith({ isRoot: false }), args)).toBe(exitCodes.problem);
  expect(printed.errors).toBe(
    'litellm-ctl: only root may do this\nwhat to do: put sudo before the command\n',
  );
  expect(printed.output).toBe('');
});

test.each([
  [['--help']],
  [['status', '--help']],
  [['config', '-h']],
  [['credentials', '-h']],
  [['--version']],
])('%s does not need root', async (args) => {
  expect(await runCommandLine(operatorWith({ isRoot: false }), args)).toBe(exitCodes.ok);
  expect(printed.output).not.toBe('');
});

test('wrong usage has an exit code of its own', async () => {
  expect(await runCommandLine(operatorWith(), ['stauts'])).toBe(exitCodes.usage);
  expect(printed.errors).toContain("'stauts' is not a command");
});

test('config check passes on what the gateway says', async () => {
  const configCheck = { exitCode: 1, stdout: 'one warning', stderr: 'one fault' };
  expect(await runCommandLine(operatorWith({ configCheck }), ['config', 'check'])).toBe(exitCodes.problem);
  expect([printed.output, printed.errors]).toEqual(['one warning\n', 'one fault\n']);
});

describe('with a database server elsewhere', () => {
  const given = (url: string): Operator => {
    const operator = operatorWith();
    writeFileSync(operator.machine.facts.paths.databaseEnv, `DATABASE_URL=${url}\n`);
    return operator;
  };

  test("the machine's own server is not asked for, and one that does not answer is waited for", async () => {
    const operator = given('postgresql://app:canary-4Zp@127.0.0.1:1/gateway');
    expect(await runCommandLine(operator, ['status'])).toBe(exitCodes.starting);
    expect(printed.output).not.toContain('postgresql@');
    expect(printed.output).toContain('litellm-migrate-external.service');
    expect(printed.output).toContain('127.0.0.1:1/gateway does not answer (ECONNREFUSED)');
    expect(printed.output).not.toContain('canary-4Zp');
  });

  test('a URL that would leave the machine unverified is a problem that says what to add', async () => {
    const operator = given('postgresql://app:canary-4Zp@db.example.com/gateway');
    expect(await runCommandLine(operator, ['status'])).toBe(exitCodes.problem);
    expect(printed.output).toContain('add ?sslmode=verify-full at its end');
    expect(await runCommandLine(operator, ['database', 'apply'])).toBe(exitCodes.problem);
    expect(printed.errors).toContain('litellm-ctl database apply');
    expect(printed.output + printed.errors).not.toContain('canary-4Zp');
  });
});
