import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { SECTOR } from '../disk/layout.ts';
import { addDataToHash } from '../hash.ts';
import { type OpenFile, openFile } from './bytes.ts';
import { type Fault, refuseFaults, unless } from './fault.ts';
import {
  type GptHeader,
  type GptPartition,
  GROW_REMEDY,
  gptCopyFaults,
  gptPartitionFaults,
  parseGptEntries,
  parseGptHeader,
} from './guid-partition-table.ts';

/** Code that a BIOS starts from; what follows in the first sector describes the disk, and changes with its size. */
const BOOT_CODE = 440;
const MBR = { entry: 446, type: 450, start: 454, sectors: 458, signature: 510 };
const PROTECTIVE = 0xee;
const LARGEST_IN_MBR = 0xffff_ffff;
/** Sectors of a table with the usual 128 entries, and where the first partition of a cloud's disk may begin. */
const [TABLE_END, FIRST_PARTITION] = [34, 2048];
/** More than this is no table of partitions. */
const MOST_ENTRY_BYTES = 2 ** 20;
const REMEDY =
  'bake again: a disk of this project begins with a GPT and its first partition with the second MiB';

export interface RawFacts {
  readonly format: 'raw';
  readonly diskBytes: number;
  readonly diskId: string;
  readonly partitions: readonly GptPartition[];
}

/** The partitions of a raw disk, both copies of their table checked. Throws Failure naming what is wrong. */
export async function readRaw(path: string): Promise<RawFacts> {
  await using file = await openFile(path);
  return await readPartitions(file, file.bytes);
}

/** The same of a disk that takes the first `diskBytes` of a file. */
export async function readPartitions(file: OpenFile, diskBytes: number): Promise<RawFacts> {
  const isWhole = diskBytes % SECTOR === 0 && diskBytes > FIRST_PARTITION * SECTOR;
  refuseFaults(file.path, unless(isWhole, 'disk size', `${diskBytes} bytes are no disk`, REMEDY));
  const sectors = diskBytes / SECTOR;
  const [mbr, primary, backup] = (await Promise.all(
    [0, 1, sectors - 1].map((sector) => file.read(sector * SECTOR, SECTOR)),
  )) as [Buffer, Buffer, Buffer];
  const header = parseGptHeader(primary);
  const [entries, backupEntries] = [
    await entriesOf(file, header),
    await entriesOf(file, parseGptHeader(backup)),
  ];
  const gap = await file.read(TABLE_END * SECTOR, (FIRST_PARTITION - TABLE_END) * SECTOR);
  const partitions = parseGptEntries(entries);
  refuseFaults(file.path, [
    ...mbrFaults(mbr, sectors),
    ...gptCopyFaults('primary', primary, entries, sectors),
    ...gptCopyFaults('backup', backup, backupEntries, sectors),
    ...unless(entries.equals(backupEntries), 'GPT entries', 'the two copies differ', REMEDY),
    ...(header === undefined ? [] : gptPartitionFaults(header, partitions)),
    ...unless(partitions.length > 0, 'GPT entries', 'there is no partition', REMEDY),
    ...unless(
      partitions.every(({ start }) => start >= FIRST_PARTITION) && gap.every((byte) => byte === 0),
      'gap before the first partition',
      `sectors ${TABLE_END} to ${FIRST_PARTITION - 1} are not empty`,
      REMEDY,
    ),
  ]);
  return { format: 'raw', diskBytes, diskId: header?.diskId ?? '', partitions };
}

/** What the header says that its entries are; nothing where there is no header or it says nonsense. */
async function entriesOf(file: OpenFile, header: GptHeader | undefined): Promise<Buffer> {
  if (header === undefined) return Buffer.alloc(0);
  const [at, length] = [header.entriesAt * SECTOR, header.entries * header.entryBytes];
  if (length > MOST_ENTRY_BYTES || at + length > file.bytes) return Buffer.alloc(0);
  return file.read(at, length);
}

function mbrFaults(mbr: Buffer, sectors: number): Fault[] {
  const [type, start, size] = [mbr[MBR.type], mbr.readUInt32LE(MBR.start), mbr.readUInt32LE(MBR.sectors)];
  const wanted = Math.min(sectors - 1, LARGEST_IN_MBR);
  const fault = (holds: boolean, field: string, what: string) =>
    unless(holds, `protective MBR, ${field}`, what, REMEDY);
  return [
    fault(mbr.readUInt16BE(MBR.signature) === 0x55aa, 'signature', 'is not 55 AA'),
    fault(type === PROTECTIVE && start === 1, 'partition', 'does not keep others off a GPT'),
    unless(size === wanted, 'protective MBR, size', `is ${size} sectors instead of ${wanted}`, GROW_REMEDY),
  ].flat();
}

/**
 * SHA-256 of what is on a raw disk, whatever its size: of the boot code and of each partition in the order of their
 * places, of all that is not empty there and where it lies. A disk that was only enlarged has the same.
 */
export async function contentHash(path: string): Promise<string> {
  const { partitions } = await readRaw(path);
  const hash = createHash('sha256');
  const ranges = [
    { from: 0, bytes: BOOT_CODE },
    ...partitions
      .toSorted((a, b) => a.start - b.start)
      .map(({ start, size }) => ({ from: start * SECTOR, bytes: size * SECTOR })),
  ];
  await using file = await open(path);
  for (const { from, bytes } of ranges) {
    hash.update(`${bytes}\n`);
    await addDataToHash(hash, file, from, from + bytes);
  }
  return hash.digest('hex');
}
