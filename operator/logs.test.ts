import * as fs from 'node:fs';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { machineFacts, readFacts } from '../appliance/index.ts';
import { hostMachine, layoutOf } from '../firstboot/index.ts';
import { fakeOperator, type Printed } from '../tests/harness/fake-operator.ts';
import { logParts, logSources, timeOf } from './log-sources.ts';
import type { Operator } from './operator.ts';
import { programLines } from './program-lines.ts';
import { runCommandLine } from './run.ts';

const now = new Date('2026-11-27T12:00:00Z');
const facts = machineFacts(readFacts(), 'debian-13', 'qemu', 'abc');

let printed: Printed;
/** Programs that were run, and what each prints, by program and last argument that names a unit or file. */
let ran: string[][];
let prints: Record<string, readonly string[]>;
beforeEach(() => {
  printed = { output: '', errors: '' };
  [ran, prints] = [[], {}];
});

function operatorWith(changes: Partial<Operator> = {}): Operator {
  const machine = { ...hostMachine(facts), fs: { ...fs, existsSync: () => true }, now: () => now };
  const lines: Operator['lines'] = async function* (program, args) {
    ran.push([program, ...args]);
    const named = args.find((arg) => arg.startsWith('--unit=') || arg.startsWith('/')) ?? '';
    yield* prints[named] ?? [];
  };
  return fakeOperator(machine, printed, { lines, ...changes });
}

const logs = (line: string, changes?: Partial<Operator>): Promise<number> =>
  runCommandLine(operatorWith(changes), ['logs', ...line.split(' ').filter((word) => word !== '')]);

/** A line of the journal as journalctl prints it. */
const journaled = (time: string, fields: object): string =>
  JSON.stringify({ __REALTIME_TIMESTAMP: String(Date.parse(time) * 1000), ...fields });

const ACCESS = '/var/log/nginx/access.log';

test('journal and files of the edge come as one, in the order of their time', async () => {
  prints = {
    '--unit=nginx.service': [
      journaled('2026-11-27T10:00:02Z', { MESSAGE: 'Started nginx.', UNIT: 'nginx.service' }),
    ],
    [ACCESS]: [
      '203.0.113.9 2026-11-27T10:00:01+00:00 - "GET / HTTP/1.1" 200',
      '203.0.113.9 2026-11-27T10:00:04+00:00 - "GET /ui HTTP/1.1" 200',
    ],
    '/var/log/nginx/error.log': ['2026/11/27 10:00:03 [crit] 7#7: no space'],
  };
  expect(await logs('edge')).toBe(0);
  expect(printed.output.trimEnd().split('\n')).toEqual([
    '2026-11-27T10:00:01.000Z access.log: 203.0.113.9 2026-11-27T10:00:01+00:00 - "GET / HTTP/1.1" 200',
    '2026-11-27T10:00:02.000Z nginx.service: Started nginx.',
    '2026-11-27T10:00:03.000Z error.log: 2026/11/27 10:00:03 [crit] 7#7: no space',
    '2026-11-27T10:00:04.000Z access.log: 203.0.113.9 2026-11-27T10:00:04+00:00 - "GET /ui HTTP/1.1" 200',
  ]);
});

test('programs get one object a line', async () => {
  prints['--unit=litellm.service'] = [
    journaled('2026-11-27T10:00:00Z', { MESSAGE: '{"msg":"serving"}', _SYSTEMD_UNIT: 'litellm.service' }),
  ];
  await logs('gateway --json');
  expect(JSON.parse(printed.output)).toEqual({
    at: '2026-11-27T10:00:00.000Z',
    part: 'gateway',
    source: 'litellm.service',
    message: '{"msg":"serving"}',
  });
});

test('a line without a time belongs to the one before it', async () => {
  const { clusterLog } = layoutOf(facts);
  prints[clusterLog] = ['2026-11-27 10:00:00.123 UTC [9] LOG:  one', '\tand its continuation'];
  await logs('database');
  expect(printed.output.match(/2026-11-27T10:00:00\.123Z/g)).toHaveLength(2);
});

test('what a client has sent cannot steer the terminal', async () => {
  prints['--unit=litellm.service'] = [journaled('2026-11-27T10:00:00Z', { MESSAGE: [27, 91, 50, 74] })];
  await logs('gateway');
  expect(printed.output).toContain('\\x1b[2J');
});

test.each([
  ['', ['--lines=100'], ['--lines=100']],
  ['--lines 7', ['--lines=7'], ['--lines=7']],
  ['--since 2h', [`--since=@${Date.parse('2026-11-27T10:00:00Z') / 1000}`, '--lines=10000'], ['--lines=+1']],
  ['--since 2026-11-26', [`--since=@${Date.parse('2026-11-26') / 1000}`, '--lines=10000'], ['--lines=+1']],
  ['--follow', ['--lines=100', '--follow'], ['--lines=100', '--follow=name', '--retry']],
])('logs edge %s asks with fixed arguments', async (words, ofJournal, ofFile) => {
  await logs(`edge ${words}`);
  const fixed = ['--quiet', '--no-pager', '--all', '--output=json'];
  const fields = '--output-fields=MESSAGE,_SYSTEMD_UNIT,UNIT';
  const units = ['--unit=nginx.service', '--unit=fail2ban.service'];
  expect(ran).toContainEqual(['journalctl', ...fixed, fields, ...units, ...ofJournal]);
  expect(ran).toContainEqual(['tail', ...ofFile, ACCESS]);
});

test('of a file only what is not older than --since is shown', async () => {
  prints[ACCESS] = ['a 2026-11-27T09:59:59+00:00 old', 'a 2026-11-27T12:00:00+02:00 new'];
  await logs('edge --since 2h');
  expect(printed.output).toContain('new');
  expect(printed.output).not.toContain('old');
});

test('only the newest lines of all are shown', async () => {
  prints[ACCESS] = [1, 2, 3].map((second) => `a 2026-11-27T10:00:0${second}+00:00 line ${second}`);
  await logs('edge --lines 2');
  expect(printed.output).not.toContain('line 1');
  expect(printed.output).toContain('line 3');
});

test('a file that is not there yet is no fault', async () => {
  const machine = { ...hostMachine(facts), fs: { ...fs, existsSync: () => false }, now: () => now };
  expect(await logs('database', { machine })).toBe(0);
  expect(ran.map(([program]) => program)).toEqual(['journalctl']);
});

test('a log that cannot be read is told, with what to do', async () => {
  const lines: Operator['lines'] = (program, args, options) =>
    programLines(program, program === 'journalctl' ? ['--no-such-option'] : args, options);
  expect(await logs('gateway', { lines })).toBe(1);
  expect(printed.errors).toContain('a log cannot be read: journalctl: ');
  expect(printed.errors).toContain('what to do: systemctl status systemd-journald');
});

test('the real journalctl and tail take the arguments', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'logs-'));
  const file = join(directory, 'access.log');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, 'a 2026-11-27T11:59:00+00:00 seen\n');
  const lines: Operator['lines'] = (program, args, options) =>
    programLines(
      program,
      program === 'journalctl' ? [...args, `--directory=${directory}`] : [...args.slice(0, -1), file],
      options,
    );
  expect(await logs('edge --since 2h --lines 5', { lines })).toBe(0);
  expect(printed.output).toContain('2026-11-27T11:59:00.000Z access.log: a 2026-11-27T11:59:00+00:00 seen');
});

test('what is followed comes line by line, and ends with who follows it', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'logs-')), 'log');
  writeFileSync(file, 'first\n');
  const ending = new AbortController();
  const seen: string[] = [];
  for await (const line of programLines('tail', ['--follow', file], { signal: ending.signal })) {
    seen.push(line);
    if (line === 'first') fs.appendFileSync(file, 'second\n');
    else ending.abort();
  }
  expect(seen).toEqual(['first', 'second']);
});

test('every part names at least one unit', () => {
  expect(Object.keys(logSources(facts))).toEqual([...logParts]);
  for (const { units } of Object.values(logSources(facts))) expect(units.length).toBeGreaterThan(0);
});

test.each([
  ['nginx, access', '::1 2026-11-27T10:00:01+02:00 - "GET"', '2026-11-27T08:00:01.000Z'],
  ['nginx, error', '2026/11/27 10:00:01 [crit]', '2026-11-27T10:00:01.000Z'],
  ['PostgreSQL', '2026-11-27 10:00:01.123 UTC [9]', '2026-11-27T10:00:01.123Z'],
  ['fail2ban', '2026-11-27 10:00:01,123 fail2ban', '2026-11-27T10:00:01.123Z'],
])('the time of a line is read: %s', (_title, line, time) => {
  expect(timeOf(line)?.toISOString()).toBe(time);
});

test('a time that a client has sent is none of ours', () => {
  expect(timeOf('a b 2026-11-27T10:00:01+02:00')).toBeUndefined();
});
