/** Bytes in a sector; partition tables count in these. */
export const SECTOR = 512;

/** One partition, in sectors. */
export interface Partition {
  /** Number in the table; the last one on the disk has number 1, as cloud images do, so that it can grow. */
  readonly number: number;
  readonly start: number;
  readonly size: number;
  readonly type: string;
  readonly name: string;
}

export interface Layout {
  readonly sectors: number;
  /** Holds GRUB's core image, which a BIOS cannot find in a file system. */
  readonly biosBoot: Partition;
  readonly esp: Partition;
  readonly root: Partition;
}

const MiB = 2 ** 20 / SECTOR;
/** The second copy of the partition table and a little air, at the end of the disk. */
const TAIL = MiB;

const types = {
  biosBoot: '21686148-6449-6E6F-744E-656564454649',
  esp: 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B',
  root: '4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709',
};

/** The partitions of a disk of `bytes`: each begins on a whole MiB, and the root comes last. Throws below 1 GiB. */
export function layoutFor(bytes: number): Layout {
  const sectors = Math.floor(bytes / SECTOR);
  if (sectors < 1024 * MiB)
    throw new RangeError(`a disk of ${bytes} bytes is too small; take at least 1 GiB`);
  const biosBoot = { number: 14, start: MiB, size: 4 * MiB, type: types.biosBoot, name: 'bios' };
  const esp = { number: 15, start: 5 * MiB, size: 124 * MiB, type: types.esp, name: 'esp' };
  const start = esp.start + esp.size;
  const root = { number: 1, start, size: sectors - start - TAIL, type: types.root, name: 'root' };
  return { sectors, biosBoot, esp, root };
}

/** The partition table in the language of sfdisk. */
export function sfdiskScript(layout: Layout): string {
  const partitions = [layout.biosBoot, layout.esp, layout.root].map(
    ({ number, start, size, type, name }) =>
      `${number} : start=${start}, size=${size}, type=${type}, name="${name}"`,
  );
  return ['label: gpt', 'unit: sectors', `sector-size: ${SECTOR}`, '', ...partitions, ''].join('\n');
}
