import { type Fault, unless } from './fault.ts';

/** Bytes that are read of a header; older ones are shorter, and the rest then is not looked at. */
export const QCOW2_HEADER = 112;

const MAGIC = 'QFI\xfb';
const VERSION = 3;
/** Only a header that is longer than this says how clusters are compressed. */
const WITHOUT_COMPRESSION_TYPE = 104;
const COMPRESSIONS: Readonly<Record<number, Compression>> = { 0: 'zlib', 1: 'zstd' };
const OTHER_COMPRESSION = 1n << 3n;
const INCOMPATIBLE = ['was not closed', 'is corrupt', 'keeps its data in another file'] as const;
const ENTRY = 8;
const REMEDY = 'make it from the raw disk with qemu-img convert -O qcow2';

export type Compression = 'zlib' | 'zstd';

export interface Qcow2Header {
  readonly magic: string;
  readonly version: number;
  readonly backingFileBytes: number;
  readonly clusterBits: number;
  readonly diskBytes: bigint;
  readonly encryption: number;
  readonly l1Entries: number;
  readonly l1At: bigint;
  readonly refcountAt: bigint;
  readonly snapshots: number;
  readonly incompatible: bigint;
  readonly compression: Compression | undefined;
}

export function parseQcow2Header(header: Buffer): Qcow2Header {
  const version = header.readUInt32BE(4);
  const isNew = version >= VERSION;
  const hasType = isNew && header.readUInt32BE(100) > WITHOUT_COMPRESSION_TYPE;
  return {
    magic: header.toString('latin1', 0, 4),
    version,
    backingFileBytes: header.readUInt32BE(16) || Number(header.readBigUInt64BE(8) !== 0n),
    clusterBits: header.readUInt32BE(20),
    diskBytes: header.readBigUInt64BE(24),
    encryption: header.readUInt32BE(32),
    l1Entries: header.readUInt32BE(36),
    l1At: header.readBigUInt64BE(40),
    refcountAt: header.readBigUInt64BE(48),
    snapshots: header.readUInt32BE(60),
    incompatible: isNew ? header.readBigUInt64BE(72) : 0n,
    compression: COMPRESSIONS[hasType ? header.readUInt8(104) : 0],
  };
}

/** What of a qcow2 file of `fileBytes` with this header cannot be handed out; `compression` is the one it must have. */
export function qcow2Faults(bytes: Buffer, fileBytes: number, compression: Compression): Fault[] {
  const header = parseQcow2Header(bytes);
  const fault = (holds: boolean, field: string, what: string) =>
    unless(holds, `qcow2 header, ${field}`, what, REMEDY);
  if (header.magic !== MAGIC) return fault(false, 'magic', "is not 'QFI' and 0xfb");
  const { version, backingFileBytes, encryption, snapshots, clusterBits, incompatible } = header;
  const flaws = INCOMPATIBLE.filter((_, bit) => (incompatible >> BigInt(bit)) % 2n === 1n);
  const known = (1n << BigInt(INCOMPATIBLE.length)) - 1n;
  const others = incompatible & ~known & ~OTHER_COMPRESSION;
  const marked = (incompatible & OTHER_COMPRESSION) !== 0n ? 'zstd' : 'zlib';
  const l1End = Number(header.l1At) + header.l1Entries * ENTRY;
  const clusterBytes = 2 ** clusterBits;
  return [
    fault(version === VERSION, 'version', `is ${version} instead of ${VERSION}`),
    fault(backingFileBytes === 0, 'backing file', 'the disk is only the difference to another file'),
    fault(encryption === 0, 'encryption method', `is ${encryption} instead of 0`),
    fault(snapshots === 0, 'snapshots', `there are ${snapshots}`),
    fault(clusterBits >= 9 && clusterBits <= 21, 'cluster bits', `are ${clusterBits}`),
    fault(flaws.length === 0, 'incompatible features', `the disk ${flaws.join(' and ')}`),
    fault(others === 0n, 'incompatible features', `0x${others.toString(16)} is not known`),
    fault(
      header.compression === compression && marked === compression,
      'compression type',
      `is ${header.compression ?? 'unknown'} instead of ${compression}`,
    ),
    fault(header.diskBytes > 0n, 'size', 'is 0'),
    fault(l1End <= fileBytes, 'L1 table', `ends at ${l1End} of ${fileBytes} bytes`),
    fault(
      Number(header.refcountAt) + clusterBytes <= fileBytes,
      'refcount table',
      `begins at ${header.refcountAt} of ${fileBytes} bytes`,
    ),
  ].flat();
}
