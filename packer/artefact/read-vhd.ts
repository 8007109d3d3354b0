import { openFile } from './bytes.ts';
import { refuseFaults, unless } from './fault.ts';
import { type RawFacts, readPartitions } from './read-raw.ts';
import { FOOTER, parseVhdFooter, VHD_REMEDY, type VhdFooter, vhdFaults } from './vhd-footer.ts';

const VHDX = 'vhdxfile';

export interface VhdFacts extends Omit<RawFacts, 'format'> {
  readonly format: 'vhd';
  readonly footer: VhdFooter;
}

/** Footer and partitions of a fixed VHD. Throws Failure naming what Azure would refuse, VHDX and growing VHDs above all. */
export async function readVhd(path: string): Promise<VhdFacts> {
  await using file = await openFile(path);
  const begin = (await file.read(0, VHDX.length)).toString('latin1');
  refuseFaults(path, unless(begin !== VHDX, 'file format', 'is VHDX, which Azure does not take', VHD_REMEDY));
  const footer = await file.read(file.bytes - FOOTER, FOOTER);
  refuseFaults(path, vhdFaults(footer, file.bytes));
  const parsed = parseVhdFooter(footer);
  const disk = await readPartitions(file, Number(parsed.diskBytes));
  return { ...disk, format: 'vhd', footer: parsed };
}
