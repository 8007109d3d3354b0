import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readFacts } from '../appliance/index.ts';
import { cloudNames } from '../tests/harness/metadata/fake-clouds.ts';
import type { Identity } from './identity.ts';
import { makePassword, makeSecrets, type PasswordRule } from './secrets.ts';

const random = { adminPassword: 'random', target: 'qemu' } as const;
const noCloud = { cloud: 'none', machineId: 'firmware' } as const;

test('every value is different, and needs no quotes anywhere', () => {
  const secrets = Object.values(makeSecrets(randomBytes, random, noCloud));
  expect(new Set(secrets).size).toBe(secrets.length);
  for (const secret of secrets) expect(secret).toMatch(/^[\w+/=-]+$/);
});

/** The initial password of a machine whose cloud has named it `name-of-it`. */
function passwordFor(rule: PasswordRule, cloud: Identity['cloud']): string {
  return makeSecrets(randomBytes, rule, { cloud, machineId: 'name-of-it', instanceId: 'name-of-it' })
    .adminPassword;
}

const everywhere = [...cloudNames, 'none'] as const;

test('of all targets, only that of Azure promises the instance id, and keeps it in Azure alone', () => {
  const promised = Object.entries(readFacts().targets).flatMap(([target, { adminPassword }]) =>
    everywhere
      .filter((cloud) => passwordFor({ adminPassword, target }, cloud) === 'name-of-it')
      .map((cloud) => `${target} in ${cloud}`),
  );
  expect(promised).toEqual(['azure in azure']);
});

test.each(everywhere.flatMap((target) => everywhere.map((cloud) => [target, cloud] as const)))(
  'an image for %s that promises the instance id has a random password in %s unless the two are one cloud',
  (target, cloud) => {
    const password = passwordFor({ adminPassword: 'instance-id', target }, cloud);
    expect(password === 'name-of-it').toBe(target === cloud);
    expect(passwordFor({ adminPassword: 'random', target }, cloud)).toMatch(/^[a-z2-9]{5}(-[a-z2-9]{5}){3}$/);
  },
);

test('a cloud whose firmware names no instance leaves a random password', () => {
  const rule = { adminPassword: 'instance-id', target: 'azure' } as const;
  const unnamed = { cloud: 'azure', machineId: 'firmware' } as const;
  expect(makeSecrets(randomBytes, rule, unnamed).adminPassword).toMatch(/^[a-z2-9]{5}(-[a-z2-9]{5}){3}$/);
});

test('a password uses all of its random bits and no letter that could be misread', () => {
  const bytes = fc.uint8Array({ minLength: 20, maxLength: 20 });
  fc.assert(
    fc.property(bytes, bytes, (one, other) => {
      const password = makePassword(() => Buffer.from(one));
      expect(password).toMatch(/^[a-km-np-z2-9]{5}(-[a-km-np-z2-9]{5}){3}$/);
      const sameBits = one.every((byte, index) => byte % 32 === (other[index] ?? 0) % 32);
      expect(makePassword(() => Buffer.from(other)) === password).toBe(sameBits);
    }),
  );
});
