import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { machineFacts, readFacts } from '../appliance/index.ts';
import {
  type CredentialField,
  credentialField,
  credentialLabels,
  renderCredentials,
  withCloneNote,
  withCredentialFields,
} from './credentials.ts';
import { makeSecrets } from './secrets.ts';
import { whereabouts } from './whereabouts.ts';

const facts = machineFacts(readFacts(), 'debian-13', 'qemu', 'c');
const secrets = makeSecrets(randomBytes, facts, { cloud: 'none', machineId: 'm' });
const place = whereabouts({
  hostName: 'gateway-1',
  localAddresses: ['10.0.0.4'],
  publicIpv4: '203.0.113.7',
  publicIpv6: '2001:db8::7',
  note: '',
  cloud: { title: 'Amazon EC2', instanceId: 'i-0abc', region: 'eu-central-1' },
});
const now = new Date('2026-11-21T12:00:00Z');
const text = renderCredentials({ facts, secrets, database: { kind: 'local' }, place, now });

test('every field is found again', () => {
  const fields = Object.keys(credentialLabels) as CredentialField[];
  expect(Object.fromEntries(fields.map((field) => [field, credentialField(text, field)]))).toEqual({
    publicIp: '203.0.113.7',
    publicIpv6: '2001:db8::7',
    privateIp: '10.0.0.4',
    cloud: 'Amazon EC2, instance i-0abc, region eu-central-1',
    adminUrl: 'https://203.0.113.7/ui',
    adminUser: 'admin',
    adminPassword: secrets.adminPassword,
    masterKey: secrets.masterKey,
    saltKey: secrets.saltKey,
    databasePassword: secrets.databasePassword,
    grubPassword: secrets.grubPassword,
  });
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
