/** Blocks from `first` to `last`, both included. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** Where an ext4 file system keeps what it knows about its files. */
export interface Ext4Geometry {
  readonly blockBytes: number;
  readonly inodeBytes: number;
  readonly inodesPerGroup: number;
  /** One a group, in the order of the groups. */
  readonly inodeTables: readonly Range[];
  /** Superblocks, descriptors and bitmaps: the books of which block and which inode is in use. */
  readonly books: readonly Range[];
}

/** Reads what `dumpe2fs` prints. Throws RangeError when it is not of an ext4 file system. */
export function readGeometry(text: string): Ext4Geometry {
  const number = (label: string): number => {
    const found = new RegExp(`^${label}:\\s+(\\d+)$`, 'm').exec(text)?.[1];
    if (found === undefined) throw new RangeError(`dumpe2fs does not tell the ${label.toLowerCase()}`);
    return Number(found);
  };
  return {
    blockBytes: number('Block size'),
    inodeBytes: number('Inode size'),
    inodesPerGroup: number('Inodes per group'),
    inodeTables: rangesOf(text, 'Inode table'),
    books: rangesOf(text, '(?:superblock|Group descriptors|Reserved GDT blocks|Block bitmap|Inode bitmap)'),
  };
}

function rangesOf(text: string, what: string): Range[] {
  return [...text.matchAll(new RegExp(`${what} at (\\d+)(?:-(\\d+))?`, 'g'))].map(([, first, last]) => ({
    first: Number(first),
    last: Number(last ?? first),
  }));
}

export function isWithin(block: number, { first, last }: Range): boolean {
  return block >= first && block <= last;
}
