import { expect, test } from 'vitest';
import { fellToEmulator } from './emulator-fault.ts';

test('a panic by a stale breakpoint is the fault of the emulator', () => {
  expect(
    fellToEmulator(
      '[    6.15] Oops: int3: 0000 [#1] PREEMPT SMP PTI\n[    6.16] Kernel panic - not syncing: x\n',
    ),
  ).toBe(true);
});

test.each([
  '[    2.1] Kernel panic - not syncing: VFS: Unable to mount root fs\n',
  '[    6.1] Oops: 0002 [#1] PREEMPT SMP PTI\n[    6.2] Kernel panic - not syncing: Fatal exception\n',
  '[    6.15] Oops: int3: 0000 [#1] PREEMPT SMP PTI\n',
])('any other end is not: %j', (console) => {
  expect(fellToEmulator(console)).toBe(false);
});
