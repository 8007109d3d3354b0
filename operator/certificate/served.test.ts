import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { certifiedName, hostMachine, siteNames } from '../../firstboot/index.ts';
import { factsBelow, fakeOperator } from '../../tests/harness/fake-operator.ts';
import { checkCertificates } from '../edge-certificate.ts';
import type { Operator, ServedCertificate } from '../operator.ts';
import { readServed } from './served.ts';

const DAY_MS = 24 * 60 * 60_000;
const now = new Date('2026-11-27T12:00:00Z');
const at = (days: number): Date => new Date(now.getTime() + days * DAY_MS);

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'served-'));
});

const SITE = `server {
    listen 443 ssl default_server;
    server_name _;
}
server {
    server_name gw.example.com www.example.com; # managed by Certbot
}
server {
    server_name *.corp.example;
    server_name "~^regular$";
}
`;

/** Serves one certificate to everybody, on a machine with this site. */
function operatorWith(certificate: Partial<ServedCertificate>, site = SITE, asked: unknown[] = []): Operator {
  const facts = factsBelow(root);
  mkdirSync(dirname(facts.paths.edgeSite), { recursive: true });
  writeFileSync(facts.paths.edgeSite, site);
  const servedCertificate = async (name?: string): Promise<ServedCertificate> => {
    asked.push(name);
    return {
      selfSigned: false,
      names: 'DNS:gw.example.com, DNS:www.example.com, DNS:*.corp.example',
      issuer: 'C=US\nO=Authority',
      chain: [],
      serialNumber: '0A',
      fingerprint: 'AB:CD',
      validFrom: at(-69),
      expiresAt: at(60),
      ...certificate,
    };
  };
  const run = async () => ({ exitCode: 0, stdout: '', stderr: '' });
  const machine = { ...hostMachine(facts), now: () => now, run };
  return fakeOperator(machine, { output: '', errors: '' }, { servedCertificate });
}

test('names are those that the site has servers for', () => {
  const { fs, facts } = operatorWith({}).machine;
  expect(siteNames(fs, facts)).toEqual(['*.corp.example', 'gw.example.com', 'www.example.com']);
});

test.each([
  [
    'certbot’s, of several the one asked for first',
    SITE.replace(
      '}\nserver {\n    server_name *',
      '    ssl_certificate /etc/letsencrypt/live/www.example.com/fullchain.pem;\n}\nserver {\n    server_name *',
    ),
    'www.example.com',
  ],
  ['one that the operator has written', 'server {\n  server_name ai.example.org;\n}\n', 'ai.example.org'],
  ['none, where only the nameless server is there', 'server {\n  server_name _;\n}\n', undefined],
  [
    'none, where there is one for all names of a domain',
    'server {\n  server_name *.corp.example;\n}\n',
    undefined,
  ],
])('the name of the admin UI is %s', (_title, site, name) => {
  expect(certifiedName(operatorWith({}, site).machine)).toBe(name);
});

test('each of them is asked for, and so is no name', async () => {
  const asked: unknown[] = [];
  const served = await readServed(operatorWith({}, SITE, asked));
  expect(asked).toEqual([undefined, 'any.corp.example', 'gw.example.com', 'www.example.com']);
  expect(served.map(({ to }) => to)).toEqual([null, '*.corp.example', 'gw.example.com', 'www.example.com']);
  expect(served.map(({ state }) => state)).toEqual(['ok', 'ok', 'ok', 'ok']);
});

test.each<[string, Partial<ServedCertificate>, string, string | undefined]>([
  ['far from its end', { expiresAt: at(22) }, 'ok', undefined],
  ['near its end', { expiresAt: at(20.5) }, 'warning', 'expires soon'],
  ['on its last day', { expiresAt: at(0.5) }, 'warning', 'expires soon'],
  ['expired', { expiresAt: at(-1.5) }, 'problem', 'expired 2 days ago'],
  ['from the future', { validFrom: at(1) }, 'problem', `not valid before ${at(1).toISOString()}`],
  ['short-lived and fresh', { validFrom: at(-3), expiresAt: at(3) }, 'ok', undefined],
  ['short-lived and late', { validFrom: at(-5), expiresAt: at(1) }, 'warning', 'expires soon'],
])('one that is %s', async (_title, certificate, state, fault) => {
  const [served] = await readServed(operatorWith(certificate));
  expect(served?.state).toBe(state);
  expect(served?.fault).toBe(fault);
  expect(served?.remedy === undefined).toBe(state === 'ok');
});

test('a name that gets a certificate for others is a problem', async () => {
  const checks = await checkCertificates(operatorWith({ names: 'DNS:gw.example.com' }));
  expect(checks.map(({ name, state }) => [name, state])).toEqual([
    ['certificate', 'ok'],
    ['certificate *.corp.example', 'problem'],
    ['certificate gw.example.com', 'ok'],
    ['certificate www.example.com', 'problem'],
  ]);
  expect(checks.at(-1)?.remedy).toBe('litellm-ctl certificate www.example.com');
});

test('what comes late is a warning with the days that are left', async () => {
  const [check] = await checkCertificates(operatorWith({ expiresAt: at(20.5) }, ''));
  expect(check).toMatchObject({
    state: 'warning',
    detail: expect.stringContaining('expires soon (20 days left)'),
  });
});
