import * as fs from 'node:fs';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { mustRun, runProgram } from '../../appliance/index.ts';
import { Authority } from '../../tests/harness/authority.ts';
import { OperatorError } from '../operator.ts';
import { checkedPair, type GivenFiles } from './checked-pair.ts';

const DAY_MS = 24 * 60 * 60_000;
const now = new Date();
const directory = mkdtempSync(join(tmpdir(), 'checked-pair-'));

let root: Authority;
let middle: Authority;
let pair: { cert: string; key: string };
beforeAll(async () => {
  root = await Authority.create();
  middle = await root.intermediate();
  pair = await middle.issue('GW.corp.example', '*.corp.example', '10.0.0.4');
});

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

interface Given {
  readonly cert: string;
  readonly key: string;
  readonly authority?: string;
}

function check({ cert, key, authority }: Given) {
  const given: GivenFiles = {
    certificate: file('cert.pem', cert),
    key: file('key.pem', key),
    ...(authority === undefined ? {} : { authority: file('root.pem', authority) }),
  };
  return checkedPair(fs, given, now);
}

/** The error, since its remedy matters as much as its message. */
async function refusal(given: Given | Promise<Given>): Promise<string> {
  try {
    check(await given);
  } catch (error) {
    if (error instanceof OperatorError) return `${error.message}\n${error.remedy}`;
    throw error;
  }
  return 'taken';
}

const whole = (cert: string): string => `${cert}${middle.certificatePem}`;

test('a chain that ends below a root which is named is taken, with the names it is good for', () => {
  const taken = check({ cert: whole(pair.cert), key: pair.key, authority: root.certificatePem });
  expect(taken.names).toEqual(['gw.corp.example', '*.corp.example']);
  expect(taken.certificatePem.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  expect(taken.keyPem).toContain('PRIVATE KEY');
});

test('a chain that brings its root is taken', () => {
  const cert = `${whole(pair.cert)}${root.certificatePem}`;
  expect(check({ cert, key: pair.key }).names).toHaveLength(2);
});

test('what stands around the certificates is left out', () => {
  const cert = `Bag Attributes\n  secret: none\n${whole(pair.cert)}`;
  const { certificatePem } = check({ cert, key: pair.key, authority: root.certificatePem });
  expect(certificatePem).not.toContain('Bag Attributes');
});

test.each<[string, () => Given | Promise<Given>, RegExp]>([
  [
    'a key of another certificate',
    async () => ({ cert: whole(pair.cert), key: (await middle.issue('other.example')).key }),
    /key\.pem is not the key of .*cert\.pem\nname the key/,
  ],
  [
    'a missing intermediate',
    () => ({ ...pair, authority: root.certificatePem }),
    /not complete: nothing in it signed 'CN=GW.corp.example', and 'CN=Test intermediate' is no authority.*\nappend what is missing/,
  ],
  [
    'a root that nobody knows',
    () => ({ cert: whole(pair.cert), key: pair.key }),
    /'CN=Test authority' is no authority that this machine knows\n.*--authority FILE/,
  ],
  [
    'the wrong order',
    () => ({ cert: `${middle.certificatePem}${pair.cert}`, key: pair.key }),
    /belongs to the key is number 2\nput the server's own certificate first/,
  ],
  [
    'a gap in the middle',
    () => ({ cert: `${pair.cert}${root.certificatePem}`, key: pair.key }),
    /what signed 'CN=GW.corp.example', namely 'CN=Test intermediate', is missing/,
  ],
  [
    'an order that is wrong behind the first',
    () => ({ cert: `${pair.cert}${root.certificatePem}${middle.certificatePem}`, key: pair.key }),
    /not in order: number 1 is signed by number 3/,
  ],
  [
    'one that has expired',
    () => issuedFor(-30, -1),
    /'CN=gw.example' has expired on \d{4}-\d\d-\d\d\nhave the authority issue a new one/,
  ],
  ['one that is not valid yet', () => issuedFor(1, 30), /is not valid before .*\n.*timedatectl/],
  [
    'one for clients',
    async () => {
      const { cert, key } = await middle.issueClient('somebody');
      return { cert: whole(cert), key };
    },
    /has no subjectAltName/,
  ],
  ['no certificate at all', () => ({ ...pair, cert: 'nothing' }), /holds no certificate in PEM\nfrom DER:/],
  [
    'a broken certificate',
    () => ({ ...pair, cert: pair.cert.replace('MII', 'AAA') }),
    /certificate 1 cannot be read/,
  ],
  ['no key', () => ({ ...pair, key: 'canary-7' }), /key\.pem holds no private key in PEM\nname the file/],
])('%s is refused', async (_title, given, message) => {
  const said = await refusal(given());
  expect(said).toMatch(message);
  expect(said).not.toContain('canary-7');
});

async function issuedFor(fromDays: number, toDays: number): Promise<Given> {
  const at = (days: number): Date => new Date(now.getTime() + days * DAY_MS);
  const { cert, key } = await middle.issueFor(
    { notBefore: at(fromDays), notAfter: at(toDays) },
    'gw.example',
  );
  return { cert: whole(cert), key };
}

async function selfSigned(...extra: string[]): Promise<Given> {
  const at = (name: string): string => join(directory, name);
  const files = ['-nodes', '-keyout', at('own.key'), '-out', at('own.pem')];
  await mustRun(runProgram, 'openssl', ['req', '-x509', '-subj', '/CN=own', ...extra, ...files]);
  return { cert: fs.readFileSync(at('own.pem'), 'utf8'), key: fs.readFileSync(at('own.key'), 'utf8') };
}

test.each<[string, readonly string[], RegExp]>([
  ['self-signed', ['-addext', 'basicConstraints=critical,CA:FALSE'], /is self-signed: nobody vouches/],
  ['an authority', ['-addext', 'basicConstraints=critical,CA:TRUE'], /is an authority\nput the server's/],
  ['for a short key', ['-newkey', 'rsa:1024'], /clients do not take: rsa 1024\n.*at least 2048 bits/],
  ['for a key of a rare kind', ['-newkey', 'ed25519'], /clients do not take: ed25519\n/],
])('one that is %s is refused', async (_title, options, message) => {
  expect(await refusal(selfSigned(...options))).toMatch(message);
});

test('a key with a passphrase is refused, and how to take it off is said', async () => {
  const args = ['ec', '-aes256', '-passout', 'pass:canary-7', '-in', file('plain.key', pair.key)];
  const said = await refusal({ cert: whole(pair.cert), key: await mustRun(runProgram, 'openssl', args) });
  expect(said).toMatch(/is encrypted, and nobody is there.*\n.*openssl pkey -in/);
});

test('a file that is not there is named', () => {
  const given = { certificate: join(directory, 'nowhere.pem'), key: join(directory, 'nowhere.key') };
  expect(() => checkedPair(fs, given, now)).toThrow(`${given.certificate} does not exist`);
});
