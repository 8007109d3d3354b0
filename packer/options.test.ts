import { expect, test } from 'vitest';
import { readFacts } from '../appliance/index.ts';
import { hardeningRole } from './cis-engine.ts';
import { imageOptions } from './options.ts';

const facts = readFacts();

test('without settings the target is qemu, the audit is of the booted disk, and the rest is decided later', () => {
  expect(imageOptions({}, facts)).toEqual({
    base: undefined,
    target: 'qemu',
    driver: undefined,
    audit: 'vm',
    keep: false,
    until: 'image',
    cisEngine: 'own',
    playbook: undefined,
  });
});

test('settings are taken as they are given', () => {
  const options = imageOptions(
    { BASE: 'debian-13', TARGET: 'azure', DRIVER: 'vm', AUDIT: 'container', KEEP: '1' },
    facts,
  );
  expect(options).toMatchObject({
    base: 'debian-13',
    target: 'azure',
    driver: 'vm',
    audit: 'container',
    keep: true,
  });
});

test.each([
  ['BASE', 'debian-12', 'ubuntu-24.04, debian-13'],
  ['TARGET', 'moon', 'qemu, azure, aws, gcp, digitalocean'],
  ['DRIVER', 'docker', 'vm, container'],
  ['AUDIT', 'none', 'vm, container'],
  ['KEEP', 'yes', '0, 1'],
  ['UNTIL', 'bake', 'tree, image'],
  ['CIS_ENGINE', 'openscap', 'own, lockdown'],
])('an unknown %s is refused with the choices', (name, value, choices) => {
  const refused = expect.objectContaining({
    message: `${name}=${value} is not known`,
    remedy: `choose one of ${choices}`,
  });
  expect(() => imageOptions({ [name]: value }, facts)).toThrow(refused);
});

test('ansible-lockdown hardens Ubuntu before our own role does', () => {
  const lockdown = { CIS_ENGINE: 'lockdown' };
  expect(imageOptions({ ...lockdown, BASE: 'ubuntu-24.04' }, facts).cisEngine).toBe('lockdown');
  expect(imageOptions(lockdown, facts)).toMatchObject({ base: undefined, cisEngine: 'lockdown' });
});

test('a base that ansible-lockdown is not asked to harden is refused by name', () => {
  const refused = expect.objectContaining({
    message: 'CIS_ENGINE=lockdown does not know the base debian-13',
    remedy: 'with this base CIS_ENGINE is own; lockdown hardens BASE=ubuntu-24.04',
  });
  expect(() => imageOptions({ CIS_ENGINE: 'lockdown', BASE: 'debian-13' }, facts)).toThrow(refused);
  expect(imageOptions({ CIS_ENGINE: 'own', BASE: 'debian-13' }, facts).cisEngine).toBe('own');
});

test('it is refused as well for the base that stands in for Ubuntu, before anything is fetched', async () => {
  const nothing = { galaxy: '/no/such/program' };
  const refused = { message: 'CIS_ENGINE=lockdown does not know the base debian-13' };
  await expect(hardeningRole(facts, 'debian-13', 'lockdown', nothing)).rejects.toMatchObject(refused);
  expect(await hardeningRole(facts, 'debian-13', 'own', nothing)).toBeUndefined();
});
