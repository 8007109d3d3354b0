import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { machineFacts, readFacts } from '../appliance/index.ts';
import {
  type CredentialField,
  credentialField,
  credentialLabels,
  renderCredentials,
  whereabouts,
  withCloneNote,
  withCredentialFields,
} from './credentials.ts';
import { makeSecrets } from './secrets.ts';

const facts = machineFacts(readFacts(), 'debian-13', 'qemu', 'c');
const secrets = makeSecrets(randomBytes, 'random', { cloud: 'none', machineId: 'm' });
const place = whereabouts('gateway-1', ['10.0.0.4'], { address: '203.0.113.7', note: '' });
const now = new Date('2026-11-21T12:00:00Z');
const text = renderCredentials({ facts, secrets, database: { kind: 'local' }, place, now });

test('every field is found again', () => {
  const fields = Object.keys(credentialLabels) as CredentialField[];
  expect(Object.fromEntries(fields.map((field) => [field, credentialField(text, field)]))).toEqual({
    publicIp: '203.0.113.7',
    privateIp: '10.0.0.4',
    adminUrl: 'https://203.0.113.7/ui',
    adminUser: 'admin',
    adminPassword: secrets.adminPassword,
    masterKey: secrets.masterKey,
    saltKey: secrets.saltKey,
    databasePassword: secrets.databasePassword,
    grubPassword: secrets.grubPassword,
  });
});

test.each([
  ['the public address', ['10.0.0.4'], { address: '203.0.113.7', note: '' }, 'https://203.0.113.7/ui'],
  ['the private one when there is no public one', ['10.0.0.4'], { note: 'none' }, 'https://10.0.0.4/ui'],
  ['an IPv6 address', ['2001:db8::7'], { note: 'none' }, 'https://[2001:db8::7]/ui'],
  ['the host name before the network is up', [], { note: 'none' }, 'https://gateway-1/ui'],
])('the admin UI is at %s', (_title, local, publicIp, url) => {
  expect(whereabouts('gateway-1', local, publicIp).adminUrl).toBe(url);
});

test('changing a field leaves everything else as it was', () => {
  const changed = withCredentialFields(text, { publicIp: '198.51.100.9' });
  expect(changed).toBe(text.replace(/(Public IP: +)203\.0\.113\.7/, '$1198.51.100.9'));
  expect(changed).not.toBe(text);
});

test('a value with a dollar sign is taken as it is', () => {
  expect(credentialField(withCredentialFields(text, { adminPassword: '$&$1' }), 'adminPassword')).toBe(
    '$&$1',
  );
});

test('a line that the operator has removed stays away', () => {
  const shorter = text.replace(/^Master key:.*\n/m, '');
  expect(withCredentialFields(shorter, { masterKey: 'x' })).toBe(shorter);
});

test('the note about a copy is added once', () => {
  expect(withCloneNote(withCloneNote(text))).toBe(withCloneNote(text));
  expect(withCloneNote(text).startsWith(text)).toBe(true);
});
