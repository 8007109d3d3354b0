import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Machine, type MachineOptions, until } from '../../packer/index.ts';
import { showsSshd } from '../../sbom/index.ts';

const MINUTE = 60_000;
const MiB = 2 ** 20;
/** Nobody can log in to it, so its console is all there is to wait for; far above what an emulated boot takes. */
const PATIENCE_MS = 30 * MINUTE;
/** sshd need not be the first to start: Google's agent goes before it, and a wait of two minutes for a network. */
const SSHD_MS = 10 * MINUTE;

/**
 * Boots a machine without any data source as often as asked and returns what each boot showed on its console, to
 * its end. One that does not come to a login, or does not tell of sshd, in time is ended all the same.
 */
export async function consolesWithoutSeed(options: MachineOptions, boots: number): Promise<string[]> {
  const machine = await Machine.create(options);
  // The drive stays, with nothing in it that anybody would take for a seed.
  writeFileSync(join(machine.directory, 'seed.iso'), Buffer.alloc(2 * MiB));
  const consoles: string[] = [];
  try {
    for (let boot = 0; boot < boots; boot++) {
      const before = machine.serialLog().length;
      const shown = () => machine.serialLog().slice(before);
      await machine.start();
      const seen = (what: string, patienceMs: number, there: () => boolean): Promise<void> =>
        until(`${machine.name}: ${what} on the console`, patienceMs, async () => {
          if (!there()) throw new Error('none yet');
        }).catch(() => undefined);
      await seen('a login', PATIENCE_MS, () => /\blogin:/.test(shown()));
      await seen('sshd', SSHD_MS, () => showsSshd(shown()));
      await machine.stop();
      consoles.push(shown());
    }
    return consoles;
  } finally {
    await machine.powerCut();
  }
}
