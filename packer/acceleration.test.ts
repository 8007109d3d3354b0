import { expect, test } from 'vitest';
import { $ } from 'zx';
import { accelerationFor } from './acceleration.ts';
import { majorOf } from './boot/emulator.ts';
import { probeRuns } from './driver-vm/kvm.ts';

const versionOf = async (program: string): Promise<number> =>
  majorOf((await $({ quiet: true })`${program} --version`).stdout);

test('a machine runs on the processor where that works, by the QEMU of the host', async () => {
  expect(await accelerationFor(true)).toEqual({
    ...{ program: 'qemu-system-x86_64', accelerator: 'kvm', cpu: 'host', smp: '2' },
  });
});

test('else it is emulated, by a QEMU that is no older than the host’s and runs a guest to its end', async () => {
  const { program, accelerator } = await accelerationFor(false);
  expect(accelerator).toMatch(/^tcg,/);
  expect(await probeRuns('tcg', program)).toBe(true);
  expect(await versionOf(program)).toBeGreaterThanOrEqual(await versionOf('qemu-system-x86_64'));
});

// Where the archives have none, machines are emulated by the host's own, and a line says so.
const { program: chosen } = await accelerationFor(false);
test.runIf(chosen !== 'qemu-system-x86_64')(
  'one that was fetched is quick, and lies beside the host’s',
  async () => {
    expect(chosen).toMatch(/\/tools\/qemu-[a-z]+-backports\/usr\/bin\//);
    expect(await versionOf(chosen)).toBeGreaterThanOrEqual(10);
  },
);

test.each([
  ['QEMU emulator version 7.2.18 (Debian 1:7.2+dfsg-7)', 7],
  ['QEMU emulator version 10.0.2', 10],
  ['something else', 0],
])('%j is of version %i', (said, major) => {
  expect(majorOf(said)).toBe(major);
});
