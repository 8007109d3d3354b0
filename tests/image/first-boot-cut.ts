import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Machine, until } from '../../packer/index.ts';

const MINUTE = 60_000;
/** Where in first boot the cut falls; it takes 60 to 150 s under emulation. */
const WINDOW_MS = 90_000;

/** A moment after first boot's start: the one of POWER_CUT_MS, which a failed run has printed, else a random one. */
export function seededMoment(): number {
  const given = Number(process.env.POWER_CUT_MS ?? Number.NaN);
  return Number.isNaN(given) ? randomInt(WINDOW_MS) : given;
}

/** Switches a machine on for the first time, takes its power away `moment` ms into first boot, and switches it on again. */
export async function startWithPowerCut(machine: Machine, moment: number): Promise<void> {
  await machine.start();
  await until(`${machine.name}: first boot begins`, 5 * MINUTE, async () => {
    if (!machine.serialLog().includes('litellm-firstboot')) throw new Error('not yet on the console');
  });
  await sleep(moment);
  await machine.powerCut();
  await machine.start();
}
