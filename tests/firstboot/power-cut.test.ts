import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { BareMachine } from './bare-machine.ts';
import { bootAndInspect, expectConsistent, FIRST_BOOT, NODE } from './inspection.ts';

const MINUTE = 60_000;
const STAND_STILL = new URL('stand-still.ts', import.meta.url).pathname;
const STILL = 'the machine stands still';
const JOURNAL = '/var/lib/litellm/firstboot/journal.json';

const soak = process.env.SOAK === '1';
const randomCuts = soak ? 100 : 5;
const seed = Number(process.env.SEED ?? randomInt(2 ** 31));

function clusterIsDone(machine: BareMachine): boolean {
  return (
    machine.has(JOURNAL) && JSON.parse(machine.read(JOURNAL)).steps['postgresql-cluster']?.state === 'done'
  );
}

/**
 * First boot on `machine`, to its end; after each of its changes of the file system a copy of the disk as it is then, the
 * machine standing still: what a power cut at that moment would leave.
 */
async function* disksOfFirstBoot(machine: BareMachine): AsyncGenerator<BareMachine, void> {
  const program = [NODE, '--import', STAND_STILL, '/opt/litellm/firstboot.mjs', 'run'];
  const boot = machine.startBoot(program, { STILL }, 'pipe');
  try {
    while (await boot.prints(STILL)) {
      yield await machine.copy();
      boot.tell('\n');
    }
    expect(await boot.ended).toMatchObject({ exitCode: 0, stderr: '' });
  } finally {
    await boot.cutPower();
  }
}

/**
 * Lets the next boot show that it completes what a power cut after change 1, 2, 3 ... of a first boot on `machine` leaves.
 * Ends with that first boot, or with a disk of which `enough` says so, which is returned.
 */
async function repairAfterEveryChange(
  machine: BareMachine,
  enough: (disk: BareMachine) => boolean,
): Promise<{ last: BareMachine; cuts: number }> {
  let cuts = 0;
  for await (const disk of disksOfFirstBoot(machine)) {
    if (enough(disk)) return { last: disk, cuts };
    cuts += 1;
    await expectRepaired(disk, `cut after change ${cuts}`);
  }
  return { last: machine, cuts };
}

async function expectRepaired(machine: BareMachine, when: string): Promise<void> {
  try {
    expectConsistent(await bootAndInspect(machine));
  } catch (cause) {
    throw new Error(`${when}: the next boot did not complete, see ${machine.disk}`, { cause });
  }
  machine[Symbol.dispose]();
}

// In two halves, the second from a disk that was cut off already: whoever loses power once may lose it twice.
test(
  'a power cut after any single write is repaired by the next boot',
  async () => {
    using fresh = await BareMachine.create();
    const first = await repairAfterEveryChange(fresh, clusterIsDone);
    using withCluster = first.last;
    const second = await repairAfterEveryChange(withCluster, () => false);
    expectConsistent(await bootAndInspect(second.last));
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
