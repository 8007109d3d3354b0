import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makePassword, makeSecrets } from './secrets.ts';

const onAzure = { cloud: 'azure', machineId: 'vm-id', instanceId: 'vm-id' } as const;
const noCloud = { cloud: 'none', machineId: 'firmware' } as const;

test('every value is different, and needs no quotes anywhere', () => {
  const secrets = Object.values(makeSecrets(randomBytes, 'random', noCloud));
  expect(new Set(secrets).size).toBe(secrets.length);
  for (const secret of secrets) expect(secret).toMatch(/^[\w+/=-]+$/);
});

test.each([
  ['the rule asks for it and the cloud names it', 'instance-id', onAzure, true],
  ['the rule asks for it, but there is no cloud', 'instance-id', noCloud, false],
  ['the rule wants a random one', 'random', onAzure, false],
] as const)('the initial password when %s', (_title, rule, identity, isInstanceId) => {
  expect(makeSecrets(randomBytes, rule, identity).adminPassword === 'vm-id').toBe(isInstanceId);
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
