import { expect, test } from 'vitest';
import { readFacts } from '../appliance/index.ts';
import { imageOptions } from './options.ts';

const facts = readFacts();

test('without settings the target is qemu and the rest is decided later', () => {
  expect(imageOptions({}, facts)).toEqual({
    base: undefined,
    target: 'qemu',
    driver: undefined,
    keep: false,
    playbook: undefined,
  });
});

test('settings are taken as they are given', () => {
  const options = imageOptions({ BASE: 'debian-13', TARGET: 'azure', DRIVER: 'vm', KEEP: '1' }, facts);
  expect(options).toMatchObject({ base: 'debian-13', target: 'azure', driver: 'vm', keep: true });
});

test.each([
  ['BASE', 'debian-12', 'ubuntu-24.04, debian-13'],
  ['TARGET', 'moon', 'qemu, azure'],
  ['DRIVER', 'docker', 'vm, container'],
  ['KEEP', 'yes', '0, 1'],
])('an unknown %s is refused with the choices', (name, value, choices) => {
  const refused = expect.objectContaining({
    message: `${name}=${value} is not known`,
    remedy: `choose one of ${choices}`,
  });
  expect(() => imageOptions({ [name]: value }, facts)).toThrow(refused);
});
