import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { BareMachine, type BootResult } from './bare-machine.ts';
import { bootAndInspect, expectConsistent, FIRST_BOOT, NODE } from './inspection.ts';

const MINUTE = 60_000;
const DIE = new URL('die-at-write.ts', import.meta.url).pathname;
const JOURNAL = '/var/lib/litellm/firstboot/journal.json';

const soak = process.env.SOAK === '1';
const randomCuts = soak ? 100 : 5;
const seed = Number(process.env.SEED ?? randomInt(2 ** 31));

/** Runs first boot until right after its change number `change` of the file system, then cuts the power. */
function bootUntilChange(machine: BareMachine, change: number): Promise<BootResult> {
  return machine.boot([NODE, '--import', DIE, '/opt/litellm/firstboot.mjs', 'run'], {
    DIE_AT: String(change),
  });
}

function clusterIsDone(machine: BareMachine): boolean {
  return (
    machine.has(JOURNAL) && JSON.parse(machine.read(JOURNAL)).steps['postgresql-cluster']?.state === 'done'
  );
}

/**
 * Cuts the power after change 1, 2, 3 ... of a first boot that starts from `start`, each time on a fresh copy, and lets
 * the next boot show that it completes. Ends when a run reaches its end, or when `enough` says so of the cut-off disk.
 * Returns the disk it ended with and how often the power was cut.
 */
async function cutAfterEveryChange(
  start: BareMachine,
  enough: (machine: BareMachine) => boolean,
): Promise<{ last: BareMachine; cuts: number }> {
  for (let cuts = 0; ; cuts++) {
    const machine = await start.copy();
    const { exitCode, stderr } = await bootUntilChange(machine, cuts + 1);
    if (exitCode === 0 || enough(machine)) return { last: machine, cuts };
    expect({ exitCode, stderr }, `the run with change ${cuts + 1}`).toEqual({
      exitCode: 137,
      stderr: expect.any(String),
    });
    await expectRepaired(machine, `cut after change ${cuts + 1}`);
  }
}

async function expectRepaired(machine: BareMachine, when: string): Promise<void> {
  try {
    expectConsistent(await bootAndInspect(machine));
  } catch (cause) {
    throw new Error(`${when}: the next boot did not complete, see ${machine.disk}`, { cause });
  }
  machine[Symbol.dispose]();
}

// In two halves, the second from a disk whose cluster stands: creating it again for each cut would prove nothing more.
test(
  'a power cut after any single write is repaired by the next boot',
  async () => {
    using fresh = await BareMachine.create();
    const first = await cutAfterEveryChange(fresh, clusterIsDone);
    using withCluster = first.last;
    const second = await cutAfterEveryChange(withCluster, () => false);
    expectConsistent(await bootAndInspect(second.last));
    second.last[Symbol.dispose]();
    process.stdout.write(`power cut after ${first.cuts} + ${second.cuts} writes\n`);
    expect(first.cuts).toBeGreaterThan(30);
    expect(second.cuts).toBeGreaterThan(20);
  },
  20 * MINUTE,
);

/** A small generator, so that a seed tells the moments again. */
function* moments(start: number, longestMs: number): Generator<number> {
  let state = start >>> 0;
  for (;;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield Math.floor((state / 2 ** 32) * longestMs);
  }
}

test(
  `${randomCuts} power cuts at random moments (SEED=${seed}) are repaired by the next boot`,
  async () => {
    using fresh = await BareMachine.create();
    using measured = await fresh.copy();
    const began = performance.now();
    await measured.boot(FIRST_BOOT);
    const longestMs = performance.now() - began;
    const random = moments(seed, longestMs);
    for (let cut = 0; cut < randomCuts; cut++) {
      const machine = await fresh.copy();
      const moment = random.next().value ?? 0;
      const boot = machine.startBoot(FIRST_BOOT);
      await pause(moment);
      await boot.cutPower();
      await expectRepaired(machine, `cut after ${moment} ms`);
    }
  },
  60 * MINUTE,
);
