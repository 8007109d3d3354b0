import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseFacts, readFacts } from './facts.ts';
import { FactsError } from './facts-error.ts';
import { machineFacts } from './machine-facts.ts';

const text = readFileSync(new URL('../appliance.yaml', import.meta.url), 'utf8');

const without = (pattern: RegExp): string => text.replace(pattern, '');

test('the repository has facts, and they cannot be changed at run time', () => {
  const facts = readFacts();
  expect(facts.name).toBe('litellm-appliance');
  expect(Object.keys(facts.bases)).toEqual(['ubuntu-24.04', 'debian-13']);
  expect(Object.isFrozen(facts.bases['debian-13'])).toBe(true);
});

test.each([
  ['an unknown fact', `${text}\ncolour: red\n`, "the document: 'colour' is not a fact"],
  ['a missing fact', without(/^version: .*$/m), "the document: 'version' is missing; add it"],
  ['a port out of range', text.replace('gateway: 4000', 'gateway: 70000'), 'ports.gateway: must be <= 65535'],
  ['a relative path', text.replace('/etc/litellm/config.yaml', 'config.yaml'), 'paths.config: must match ^/'],
  [
    'a password rule that nobody knows',
    text.replace('adminPassword: random', 'adminPassword: fixed'),
    'targets.qemu.adminPassword: must be one of random, instance-id',
  ],
  [
    'root logging in with a password',
    text.replace('sshRootLogin: "no"', 'sshRootLogin: "yes"'),
    'targets.qemu.sshRootLogin: must be one of no, prohibit-password',
  ],
  [
    'a keep-alive that Azure does not allow',
    text.replace('sshKeepAliveSeconds: 180', 'sshKeepAliveSeconds: 420'),
    'targets.qemu.sshKeepAliveSeconds: must be <= 235',
  ],
  ['an undated image', text.replace(/release-\d{8}/, 'current'), 'bases.ubuntu-24.04.source.url: must match'],
  [
    'a key that is none',
    `${text}\npublisher: { publicKey: secret }\n`,
    'publisher.publicKey: must match ^-----BEGIN',
  ],
  [
    'a listing without a privacy policy',
    without(/^ {2}privacy: .*\n/m),
    "listing: 'privacy' is missing; add it",
  ],
  [
    'a link that is not encrypted',
    text.replace('terms: https:', 'terms: http:'),
    'listing.terms: must match ^https://',
  ],
  ['text that is not YAML', 'name: [', 'not readable as YAML'],
])('%s is refused with its path and what would be right', (_title, wrong, message) => {
  expect(wrong).not.toBe(text);
  expect(() => parseFacts(wrong)).toThrow(FactsError);
  expect(() => parseFacts(wrong)).toThrow(message);
});

test('every fault is named, not only the first', () => {
  const wrong = without(/^version: .*$/m).replace('gateway: 4000', 'gateway: 0');
  expect(() => parseFacts(wrong)).toThrow(/'version' is missing.*ports\.gateway/);
});

test('the publisher is a fact that may be missing, and no fact of a machine', () => {
  expect(readFacts().publisher).toBeUndefined();
  const publicKey = '-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQ==\n-----END PUBLIC KEY-----\n';
  const facts = parseFacts(`${text}\npublisher: ${JSON.stringify({ publicKey })}\n`);
  expect(facts.publisher).toEqual({ publicKey });
  expect(machineFacts(facts, 'debian-13', 'qemu', 'c')).not.toHaveProperty('publisher');
});
