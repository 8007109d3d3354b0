import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Facts, readFacts } from './facts.ts';
import { machineFacts } from './machine-facts.ts';
import { readMachineFacts } from './read-machine-facts.ts';

const facts = readFacts();
const COMMIT = '0123456789abcdef';

function fileHolding(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'machine-facts-')), 'appliance.json');
  writeFileSync(path, text);
  return path;
}

test('a machine knows its own base and target, and no other', () => {
  const machine = machineFacts(facts, 'debian-13', 'azure', COMMIT);
  expect(machine).toMatchObject({
    base: 'debian-13',
    target: 'azure',
    postgresql: 17,
    adminPassword: 'instance-id',
    sshRootLogin: 'no',
    sshKeepAliveSeconds: 180,
  });
  expect(machine).not.toHaveProperty('bases');
  expect(machine).not.toHaveProperty('targets');
});

test.each([
  ['base', 'debian-99', 'azure', "base 'debian-99' is not known; choose one of ubuntu-24.04, debian-13"],
  ['target', 'debian-13', 'toString', "target 'toString' is not known; choose one of qemu, azure"],
])('an unknown %s is refused, listing the known ones', (_what, base, target, message) => {
  expect(() => machineFacts(facts, base, target, COMMIT)).toThrow(message);
});

test('what the build writes is what the machine reads', () => {
  const machine = machineFacts(facts, 'ubuntu-24.04', 'qemu', COMMIT);
  const read = readMachineFacts(fileHolding(JSON.stringify(machine)));
  expect(read).toEqual(machine);
  expect(Object.isFrozen(read.paths)).toBe(true);
});

test('a machine without facts says which file is missing', () => {
  expect(() => readMachineFacts('/nonexistent/appliance.json')).toThrow(
    '/nonexistent/appliance.json: ENOENT',
  );
});

test('a file that was cut off says so', () => {
  expect(() => readMachineFacts(fileHolding('{"base": "deb'))).toThrow(
    /appliance\.json: Unterminated string/,
  );
});

test('wrong facts are not baked, and the field is named', () => {
  const { azure } = facts.targets;
  const wrong = { ...facts, targets: { azure: { ...azure, adminPassword: 'admin' } } } as unknown as Facts;
  expect(() => machineFacts(wrong, 'debian-13', 'azure', COMMIT)).toThrow(
    'the facts of debian-13 for azure: adminPassword: must be one of random, instance-id',
  );
});
