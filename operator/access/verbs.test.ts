import * as fs from 'node:fs';
import { mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { type ProgramResult, runProgram } from '../../appliance/index.ts';
import { hostMachine } from '../../firstboot/index.ts';
import { factsBelow, fakeOperator, type Printed } from '../../tests/harness/fake-operator.ts';
import type { Operator } from '../operator.ts';
import { runCommandLine } from '../run.ts';
import { openAccess } from './state.ts';

const FINE: ProgramResult = { exitCode: 0, stdout: '', stderr: '' };

let root: string;
let printed: Printed;
/** Programs that were run, each as one line; what nginx, fail2ban and systemctl answer. */
let ran: string[];
let answers: Record<string, ProgramResult>;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'access-'));
  for (const directory of ['etc/litellm', 'etc/nginx/litellm', 'etc/fail2ban/jail.d']) {
    mkdirSync(join(root, directory), { recursive: true });
  }
  printed = { output: '', errors: '' };
  [ran, answers] = [[], {}];
});

function operatorWith(changes: Partial<Operator> = {}): Operator {
  const facts = factsBelow(root);
  mkdirSync(facts.paths.firstbootState, { recursive: true });
  const run: typeof runProgram = async (program, args, options) => {
    if (['openssl', 'flock', 'id'].includes(program)) return runProgram(program, args, options);
    const line = [program, ...args].join(' ');
    ran.push(line);
    return answers[line] ?? FINE;
  };
  const reloadEdge = async (): Promise<void> => void ran.push('reload nginx');
  const machine = { ...hostMachine(facts), fs, run, reloadEdge };
  const readSecret = async (): Promise<string> => 'correct horse battery staple';
  return fakeOperator(machine, printed, { readSecret, ...changes });
}

const access = (line: string, changes?: Partial<Operator>): Promise<number> =>
  runCommandLine(operatorWith(changes), ['access', ...line.split(' ').filter((word) => word !== '')]);
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const state = () => JSON.parse(read('/etc/litellm/access.json'));

test.each([
  ['allow admin 198.51.100.0/33', 'no address and no network'],
  ['allow admin 010.1', 'no address and no network'],
  ['allow admin 198.51.100.1;', 'no address and no network'],
  ['allow admin fe80::1%eth0', 'no address and no network'],
  ['allow admin ::ffff:198.51.100.1', 'write it as IPv4'],
  ['allow everything 198.51.100.1', 'name the list'],
  ['allow admin', 'at least one'],
  ['deny admin 127.0.0.1', 'SSH tunnel'],
  ['open admin now', "'now' is a word too many"],
  ['shut', "'shut' is not a word of access"],
  ['allow admin ::1/64 --force', '--force'],
  ['limits', '--connections'],
  ['limits --connections 0', 'a number from 1 to 65535'],
  ['limits --requests 1e3', 'a number from 1'],
  ['proxies trust 0.0.0.0/0', 'everybody'],
  ['proxies add 192.0.2.1', "'litellm-ctl access proxies trust' or 'distrust'"],
  ['client-certificates on', 'CAFILE'],
  ['basic-auth off --user me', 'basic-auth on'],
  ['basic-auth on --user a:b', 'no user name'],
  ['unban 198.51.100.0/24', 'name one address'],
  ['bans --all', '--all'],
  ['--yaml', '--yaml'],
])('access %s is wrong usage and changes nothing', async (line, message) => {
  expect(await access(line)).toBe(2);
  expect(printed.errors).toContain(message);
  expect(ran).toEqual([]);
});

test('a change is tested by nginx and fail2ban before either takes it over', async () => {
  expect(await access('allow admin 198.51.100.7/24')).toBe(0);
  expect(ran).toEqual([
    'nginx -t',
    'fail2ban-client -t',
    'reload nginx',
    'systemctl try-reload-or-restart fail2ban.service',
  ]);
  expect(state().lists.admin).toEqual({ others: 'refused', allowed: ['198.51.100.0/24'], denied: [] });
  expect(printed.output).toContain('this machine, 198.51.100.0/24');
});

test.each(['nginx -t', 'fail2ban-client -t', 'systemctl try-reload-or-restart fail2ban.service'])(
  'when %s fails, the files are as they were',
  async (program) => {
    await access('limits --requests 50');
    const files = ['/etc/litellm/access.json', '/etc/nginx/litellm/access.conf'];
    const before = files.map(read);
    answers = { [program]: { exitCode: 1, stdout: '', stderr: 'no such luck' } };
    expect(await access('limits --requests 60')).toBe(1);
    expect(printed.errors).toContain('no such luck');
    expect(files.map(read)).toEqual(before);
  },
);

test('limits change one at a time and go back to the usual ones', async () => {
  await access('limits --connections 40');
  expect(state().limits).toEqual({ connections: 40, requestsPerSecond: 500 });
  await access('limits --requests 20');
  expect(state().limits).toEqual({ connections: 40, requestsPerSecond: 20 });
  await access('limits --default');
  expect(state().limits).toEqual({ connections: 1000, requestsPerSecond: 500 });
});

test('trusted proxies are exempt from bans until they are trusted no more', async () => {
  await access('proxies trust 192.0.2.0/24 127.0.0.1 2001:db8::1');
  const exempt = '127.0.0.0/8 ::1 127.0.0.1/32 192.0.2.0/24 2001:db8::1/128';
  expect(read('/etc/fail2ban/jail.d/litellm-proxies.local')).toContain(
    `[litellm-keys]\nignoreip = ${exempt}\n`,
  );
  expect(read('/etc/nginx/litellm/access.conf')).toContain('set_real_ip_from 192.0.2.0/24;\n');
  await access('proxies distrust 192.0.2.0/24 127.0.0.1 2001:db8::1');
  expect(read('/etc/nginx/litellm/access.conf')).not.toMatch(/real_ip/);
});

test('the password of the edge is stored as a hash that others cannot read, and goes with the switch', async () => {
  expect(await access('basic-auth on --user ops')).toBe(0);
  const path = '/etc/nginx/litellm/basic-auth.users';
  expect(read(path)).toMatch(/^ops:\$6\$rounds=1000\$[A-Za-z0-9.]{12}\$[A-Za-z0-9./]{86}\n$/);
  expect(statSync(join(root, path)).mode & 0o777).toBe(0o640);
  expect([...ran, printed.output, printed.errors, JSON.stringify(state())].join()).not.toContain(
    'correct horse',
  );
  await access('basic-auth off');
  expect(fs.existsSync(join(root, path))).toBe(false);
});

test.each(['short', 'with a tab\tand long enough', 'a'.repeat(129)])(
  'the password %j is refused',
  async (password) => {
    expect(await access('basic-auth on', { readSecret: async () => password })).toBe(1);
    expect(printed.errors).toContain('16 to 128 characters');
    expect(printed.errors).not.toContain(password);
  },
);

test.each([
  ['a file that is not there', undefined, 'does not exist'],
  ['a file without a certificate', 'hello\n', 'holds no certificate'],
  ['a file with a key', '-----BEGIN PRIVATE KEY-----\n', 'holds a private key'],
  ['a broken certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', 'ca.pem'],
])('client certificates are not asked for with %s', async (_what, text, message) => {
  const path = join(root, 'ca.pem');
  if (text !== undefined) writeFileSync(path, text);
  expect(await access(`client-certificates on ${path}`)).toBe(1);
  expect(printed.errors).toContain(message);
  expect(ran).toEqual([]);
});

test.each([
  ['no JSON', '{', 'JSON'],
  ['an unknown key', JSON.stringify({ format: 1, extra: true }), 'additional properties'],
  [
    'a network written another way',
    JSON.stringify({ ...openAccess, proxies: ['192.0.2.1'] }),
    '192.0.2.1/32',
  ],
])('access.json with %s is refused and left alone', async (_what, text, message) => {
  writeFileSync(join(root, '/etc/litellm/access.json'), text);
  expect(await access('apply')).toBe(1);
  expect(printed.errors).toContain(message);
  expect(printed.errors).toContain('litellm-ctl access apply');
  expect(read('/etc/litellm/access.json')).toBe(text);
});

test('a restored access.json that lacks its companions is refused with the command that makes them', async () => {
  await access('basic-auth on');
  fs.rmSync(join(root, '/etc/nginx/litellm/basic-auth.users'));
  expect(await access('apply')).toBe(1);
  expect(printed.errors).toContain('litellm-ctl access basic-auth on');
});

test('bans are listed jail by jail, and lifted in all of them', async () => {
  const list = (text: string): ProgramResult => ({ ...FINE, stdout: text });
  answers = {
    'fail2ban-client status': list('Status\n|- Number of jail:\t2\n`- Jail list:\tlitellm-keys, sshd\n'),
    'fail2ban-client get litellm-keys banip --with-time': list(
      '2001:db8::7 \t2026-11-26 23:00:00 + 600 = 2026-11-26 23:10:00\n',
    ),
    'fail2ban-client get sshd banip --with-time': list(''),
    'fail2ban-client unban 2001:db8::7': list('1\n'),
    'fail2ban-client unban 198.51.100.7': list('0\n'),
  };
  expect(await access('bans --json')).toBe(0);
  expect(JSON.parse(printed.output)).toEqual([
    { jail: 'litellm-keys', address: '2001:db8::7', until: '2026-11-26 23:10:00' },
  ]);
  printed.output = '';
  expect(await access('unban 2001:DB8:0::7')).toBe(0);
  expect(await access('unban 198.51.100.7')).toBe(0);
  expect(printed.output).toBe('2001:db8::7 may call again\n198.51.100.7 was not banned\n');
});

test('a fail2ban that does not answer is a problem', async () => {
  answers = {
    'fail2ban-client status': { exitCode: 255, stdout: '', stderr: 'Failed to access socket path' },
  };
  expect(await access('bans')).toBe(1);
  expect(printed.errors).toContain('systemctl restart fail2ban');
});
