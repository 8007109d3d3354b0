import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { hostMachine } from '../../firstboot/index.ts';
import { factsBelow, fakeOperator, type Printed } from '../../tests/harness/fake-operator.ts';
import { UsageError } from '../arguments.ts';
import { exitCodes, type Operator } from '../operator.ts';
import { runCommandLine } from '../run.ts';
import { certificateCommand, domain } from './verbs.ts';

const served = (names: string) => ({
  selfSigned: false,
  names,
  issuer: 'CN=authority',
  chain: ['CN=authority'],
  serialNumber: '0A',
  fingerprint: 'AB:CD',
  validFrom: new Date('2026-11-01'),
  expiresAt: new Date('2027-02-01'),
});

let printed: Printed;
let runs: string[];
beforeEach(() => {
  printed = { output: '', errors: '' };
  runs = [];
});

/** A machine whose certbot ends with what is given. */
function operatorWith(
  changes: Partial<Operator> = {},
  ends = { exitCode: 0, stdout: '', stderr: '' },
): Operator {
  const facts = factsBelow(mkdtempSync(join(tmpdir(), 'certificate-')));
  mkdirSync(facts.paths.firstbootState, { recursive: true });
  const machine = {
    ...hostMachine(facts),
    now: () => new Date('2026-11-27'),
    run: async (program: string, args: readonly string[]) => {
      runs.push([program, ...args].join(' '));
      return program === 'certbot' ? ends : { exitCode: 0, stdout: '', stderr: '' };
    },
  };
  const servedCertificate = async (name?: string) => served(`DNS:${name ?? 'gateway-1'}`);
  return fakeOperator(machine, printed, { servedCertificate, ...changes });
}

const certbot = (): string => runs.find((line) => line.startsWith('certbot ')) ?? '';
const GW = 'gw.example.com';

test.each([
  ['GW.Example.COM', 'gw.example.com'],
  ['bücher.example', 'xn--bcher-kva.example'],
])('%s is the domain %s', (text, name) => {
  expect(domain(text)).toBe(name);
});

test.each([
  ['nothing', [], "'certificate status'"],
  ['a name without a domain', ['gateway'], "'gateway' is no domain name"],
  ['an address', ['203.0.113.7'], "'203.0.113.7' is no domain name"],
  ['a URL', ['https://gw.example.com'], 'is no domain name'],
  ['a wildcard', ['*.example.com'], 'bring it with --install'],
  ['an unknown option', [GW, '--webroot'], '--webroot'],
  ['an address of nobody', [GW, '--email', 'me'], "'me' is no e-mail address"],
  ['two answers', [GW, '--email', 'me@example.com', '--no-email'], 'not both'],
  ['a directory without TLS', [GW, '--server', 'http://acme.example/dir'], '--server wants the https URL'],
  ['an authority of nothing', [GW, '--authority', 'ca.pem'], 'belongs to the directory'],
  ['one file', ['--install', 'cert.pem'], 'two PEM files'],
  ['three files', ['--install', 'cert.pem', 'key.pem', 'chain.pem'], 'two PEM files'],
  [
    'an account for a file',
    ['--install', 'cert.pem', 'key.pem', '--no-email'],
    '--no-email has nothing to do with',
  ],
  [
    'a server for the status',
    ['status', '--server', 'https://acme.example/'],
    '--server has nothing to do with',
  ],
  ['a word too many', ['status', GW], `'${GW}' is a word too many`],
])('%s is refused', (_title, args, message) => {
  expect(() => certificateCommand(args)).toThrow(UsageError);
  expect(() => certificateCommand(args)).toThrow(message);
});

test('all that an authority asks can be said before', async () => {
  const args = ['certificate', GW, 'two.example.com', '--email', 'me@example.com', '--agree-tos'];
  expect(await runCommandLine(operatorWith(), args)).toBe(exitCodes.ok);
  expect(certbot()).toBe(
    'certbot run --authenticator webroot --webroot-path /var/www/litellm-acme --installer nginx --no-redirect ' +
      '--expand --keep-until-expiring --agree-tos --no-eff-email --email me@example.com -d gw.example.com ' +
      '-d two.example.com --non-interactive',
  );
});

test.each([
  ['an e-mail address', ['--agree-tos'], 'say --email ADDRESS, or --no-email'],
  ['consent', ['--no-email'], 'terms of service of acme-v02.api.letsencrypt.org says --agree-tos'],
])('without a terminal, %s has to be said', async (_title, args, message) => {
  expect(await runCommandLine(operatorWith(), ['certificate', GW, ...args])).toBe(exitCodes.usage);
  expect(printed.errors).toContain(message);
  expect(certbot()).toBe('');
});

test.each([
  ['', 'y', '--register-unsafely-without-email'],
  ['me@example.com', 'Yes', '--email me@example.com'],
])("at a terminal it is asked for: '%s' and '%s'", async (email, agreement, option) => {
  const ask = async (question: string) => (question.startsWith('E-mail') ? email : agreement);
  expect(await runCommandLine(operatorWith({ ask }), ['certificate', GW])).toBe(exitCodes.ok);
  expect(certbot()).toContain(option);
});

test('who does not agree gets no certificate', async () => {
  const operator = operatorWith({ ask: async () => '' });
  expect(await runCommandLine(operator, ['certificate', GW])).toBe(exitCodes.usage);
  expect(certbot()).toBe('');
});

test('a failure is one line, where the rest is, and what to do', async () => {
  const ends = { exitCode: 1, stdout: '', stderr: 'Another instance of Certbot is already running.' };
  const args = ['certificate', GW, '--no-email', '--agree-tos'];
  expect(await runCommandLine(operatorWith({}, ends), args)).toBe(exitCodes.problem);
  expect(printed.errors).toBe(
    'litellm-ctl: certbot runs already\n' +
      '  What was served before still is; all that certbot said is in /var/log/letsencrypt/letsencrypt.log\n' +
      'what to do: wait until it has ended, then again\n',
  );
});

test('a certificate that nginx does not serve is a problem', async () => {
  let looks = 0;
  const servedCertificate = async () => {
    looks++;
    return { ...served('DNS:gateway-1'), selfSigned: true };
  };
  const args = ['certificate', GW, '--no-email', '--agree-tos'];
  expect(await runCommandLine(operatorWith({ servedCertificate }), args)).toBe(exitCodes.problem);
  expect(printed.errors).toContain(`nginx serves another one for ${GW}`);
  expect(looks).toBeGreaterThan(10);
});

test('while nginx does not run nothing is begun', async () => {
  const servedCertificate = async () => Promise.reject(new Error('connect ECONNREFUSED'));
  const operator = operatorWith({ servedCertificate });
  for (const args of [[GW, '--no-email', '--agree-tos'], ['apply'], ['status']]) {
    expect(await runCommandLine(operator, ['certificate', ...args])).toBe(exitCodes.problem);
  }
  expect(printed.errors).toContain('what to do: systemctl restart nginx');
  expect(runs).toEqual([]);
});

test.each([[[GW]], [['status']], [['apply']], [['--install', 'cert.pem', 'key.pem']]])(
  'certificate %s needs root',
  async (args) => {
    expect(await runCommandLine(operatorWith({ isRoot: false }), ['certificate', ...args])).toBe(
      exitCodes.problem,
    );
    expect(printed.errors).toContain('only root may do this');
  },
);
