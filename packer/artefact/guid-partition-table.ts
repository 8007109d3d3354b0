import { crc32 } from 'node:zlib';
import { SECTOR } from '../disk/layout.ts';
import { type Fault, unless } from './fault.ts';

const SIGNATURE = 'EFI PART';
const REVISION_1 = 0x1_0000;
const HEADER = { least: 92, most: SECTOR };
const CRC = { from: 16, to: 20 };
const ENTRY = 128;
/** What to do where a table does not belong to the disk that it is on. */
export const GROW_REMEDY =
  'let growDisk enlarge the disk, which moves the second table to its end; otherwise bake again';

/** A header of the table; both copies have the same fields. Places and sizes are in sectors. */
export interface GptHeader {
  readonly revision: number;
  readonly headerBytes: number;
  readonly crc: number;
  readonly self: number;
  readonly other: number;
  readonly firstUsable: number;
  readonly lastUsable: number;
  readonly diskId: string;
  readonly entriesAt: number;
  readonly entries: number;
  readonly entryBytes: number;
  readonly entriesCrc: number;
}

export interface GptPartition {
  readonly number: number;
  readonly type: string;
  readonly start: number;
  readonly size: number;
  readonly name: string;
}

/** Undefined where these 512 bytes do not begin as a header does. */
export function parseGptHeader(sector: Buffer): GptHeader | undefined {
  if (sector.toString('latin1', 0, 8) !== SIGNATURE) return undefined;
  const place = (offset: number): number => Number(sector.readBigUInt64LE(offset));
  return {
    revision: sector.readUInt32LE(8),
    headerBytes: sector.readUInt32LE(12),
    crc: sector.readUInt32LE(CRC.from),
    self: place(24),
    other: place(32),
    firstUsable: place(40),
    lastUsable: place(48),
    diskId: guid(sector, 56),
    entriesAt: place(72),
    entries: sector.readUInt32LE(80),
    entryBytes: sector.readUInt32LE(84),
    entriesCrc: sector.readUInt32LE(88),
  };
}

/** The used entries of a table, in the order of their numbers. */
export function parseGptEntries(entries: Buffer): GptPartition[] {
  const count = Math.floor(entries.length / ENTRY);
  return Array.from({ length: count }, (_, index) => entries.subarray(index * ENTRY, (index + 1) * ENTRY))
    .map((entry, index) => {
      const start = Number(entry.readBigUInt64LE(32));
      return {
        number: index + 1,
        type: guid(entry, 0),
        start,
        size: Number(entry.readBigUInt64LE(40)) - start + 1,
        name: entry.toString('utf16le', 56).replace(/\0.*$/s, ''),
      };
    })
    .filter(({ type }) => !/^[0-]+$/.test(type));
}

/** What is wrong with one copy of the table, on a disk of `sectors`: its own checksums and where it says that it lies. */
export function gptCopyFaults(
  copy: 'primary' | 'backup',
  sector: Buffer,
  entries: Buffer,
  sectors: number,
): Fault[] {
  const fault = (holds: boolean, field: string, what: string) =>
    unless(holds, `${copy} GPT header, ${field}`, what, GROW_REMEDY);
  const header = parseGptHeader(sector);
  const [self, other] = copy === 'primary' ? [1, sectors - 1] : [sectors - 1, 1];
  if (header === undefined)
    return fault(false, 'signature', `sector ${self} does not begin with '${SIGNATURE}'`);
  const { headerBytes } = header;
  if (headerBytes < HEADER.least || headerBytes > HEADER.most)
    return fault(false, 'header size', `is ${headerBytes}`);
  const wanted = headerCrc(sector, headerBytes);
  return [
    fault(header.crc === wanted, 'CRC', `is ${header.crc} instead of ${wanted}`),
    fault(header.revision === REVISION_1, 'revision', `is ${header.revision} instead of ${REVISION_1}`),
    fault(header.self === self, 'own place', `is sector ${header.self} instead of ${self}`),
    fault(header.other === other, 'place of the other copy', `is sector ${header.other} instead of ${other}`),
    fault(header.entryBytes === ENTRY, 'size of an entry', `is ${header.entryBytes} instead of ${ENTRY}`),
    fault(header.entriesCrc === crc32(entries), 'CRC of the entries', 'does not fit the entries'),
    fault(header.lastUsable < sectors - 1, 'last usable sector', `is ${header.lastUsable} of ${sectors}`),
  ].flat();
}

/** What is wrong with where the partitions lie: between the first and the last usable sector, none over another. */
export function gptPartitionFaults(
  { firstUsable, lastUsable }: Pick<GptHeader, 'firstUsable' | 'lastUsable'>,
  partitions: readonly GptPartition[],
): Fault[] {
  const inOrder = partitions.toSorted((a, b) => a.start - b.start);
  return inOrder.flatMap(({ number, start, size }, index) => {
    const before = inOrder[index - 1];
    const isFree = before === undefined || before.start + before.size <= start;
    const isInside = size > 0 && start >= firstUsable && start + size - 1 <= lastUsable;
    const field = `GPT entry ${number}`;
    return [
      ...unless(isInside, field, `sectors ${start} to ${start + size - 1} are not on the disk`, GROW_REMEDY),
      ...unless(isFree, field, `begins inside of partition ${before?.number}`, GROW_REMEDY),
    ];
  });
}

function headerCrc(sector: Buffer, headerBytes: number): number {
  const header = Buffer.from(sector.subarray(0, headerBytes));
  header.fill(0, CRC.from, CRC.to);
  return crc32(header);
}

/** The first three parts of an identifier are numbers, and stored as such. */
function guid(bytes: Buffer, at: number): string {
  const parts = [
    bytes.readUInt32LE(at).toString(16).padStart(8, '0'),
    bytes
      .readUInt16LE(at + 4)
      .toString(16)
      .padStart(4, '0'),
    bytes
      .readUInt16LE(at + 6)
      .toString(16)
      .padStart(4, '0'),
    bytes.toString('hex', at + 8, at + 10),
    bytes.toString('hex', at + 10, at + 16),
  ];
  return parts.join('-').toUpperCase();
}
