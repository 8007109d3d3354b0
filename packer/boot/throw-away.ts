import { copyFileSync, existsSync, rmSync } from 'node:fs';
import type { Work } from '../command.ts';
import type { SealedDisk } from '../driver.ts';
import { kvmWorks } from '../driver-vm/kvm.ts';
import { freePort } from './forward.ts';
import { Machine } from './machine.ts';
import { filesOf } from './machine-qemu.ts';
import { closedWire } from './open-wire.ts';

const WISHED_PORT = 2422;
const SSH = 22;
/** An image is made beside other work, on machines that are stopped meanwhile; the hour that a boot then takes is not lost. */
const PATIENCE = 4;

export interface ThrowAway {
  readonly disk: Pick<SealedDisk, 'path' | 'format'>;
  readonly name: string;
  /** Directory for the machine, removed at the end; its console stays beside it, in `<directory>.log`. */
  readonly directory: string;
}

/**
 * Boots a disk in a virtual machine that reaches nothing, waits for its first boot, and hands it to `use`. Everything it
 * writes goes to an overlay that is thrown away with the key that let us in; the disk stays as it is.
 */
export async function withThrowAway<T>(
  { disk, name, directory }: ThrowAway,
  { log, signal }: Work,
  use: (machine: Machine) => Promise<T>,
): Promise<T> {
  const kvm = await kvmWorks();
  const wire = closedWire({ [SSH]: await freePort(WISHED_PORT) });
  const { path: image, format } = disk;
  const place = { name, directory, image, format, wire, patience: PATIENCE } as const;
  const machine = await Machine.create({ ...place, firmware: 'bios', kvm });
  const cut = () => void machine.powerCut();
  signal.addEventListener('abort', cut, { once: true });
  try {
    await log.step(`boot an overlay of the disk${kvm ? '' : ', emulated: this takes minutes'}`, async () => {
      await machine.start();
      await machine.waitForFirstBoot();
    });
    return await use(machine);
  } finally {
    signal.removeEventListener('abort', cut);
    await machine.powerCut();
    const { serial } = filesOf(directory);
    if (existsSync(serial)) copyFileSync(serial, `${directory}.log`);
    rmSync(directory, { recursive: true, force: true });
  }
}
