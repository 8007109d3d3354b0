import { type Fault, unless } from './fault.ts';

/** Bytes of the footer, which is all that a fixed VHD has besides its disk. */
export const FOOTER = 512;
const MiB = 2 ** 20;
const SECTOR = 512;

const COOKIE = 'conectix';
const VERSION_1 = 0x1_0000;
/** In a fixed VHD no second header follows. */
const NO_HEADER = 0xffff_ffff_ffff_ffffn;
const TYPES: Readonly<Record<number, string>> = { 2: 'fixed', 3: 'dynamic', 4: 'differencing' };
const FIXED = 2;
const CHECKSUM = { from: 64, to: 68 };
/** What qemu-img writes where the size does not come from the geometry. */
const LARGEST = { cylinders: 65_535, heads: 16, sectors: 255 };
/** How the VHD that Azure takes is made. */
export const VHD_REMEDY = 'make it with qemu-img convert -O vpc -o subformat=fixed,force_size';

export interface Geometry {
  readonly cylinders: number;
  readonly heads: number;
  readonly sectors: number;
}

export interface VhdFooter {
  readonly cookie: string;
  readonly version: number;
  readonly dataOffset: bigint;
  /** Size of the disk, in bytes. */
  readonly diskBytes: bigint;
  readonly geometry: Geometry;
  readonly type: number;
  readonly checksum: number;
  readonly savedState: boolean;
}

export function parseVhdFooter(footer: Buffer): VhdFooter {
  return {
    cookie: footer.toString('latin1', 0, 8),
    version: footer.readUInt32BE(12),
    dataOffset: footer.readBigUInt64BE(16),
    diskBytes: footer.readBigUInt64BE(48),
    geometry: {
      cylinders: footer.readUInt16BE(56),
      heads: footer.readUInt8(58),
      sectors: footer.readUInt8(59),
    },
    type: footer.readUInt32BE(60),
    checksum: footer.readUInt32BE(CHECKSUM.from),
    savedState: footer.readUInt8(84) !== 0,
  };
}

/** One's complement of the sum of all bytes but the checksum's own. */
export function vhdChecksum(footer: Buffer): number {
  const counted = footer.filter((_, index) => index < CHECKSUM.from || index >= CHECKSUM.to);
  return ~counted.reduce((sum, byte) => sum + byte, 0) >>> 0;
}

/** The cylinders, heads and sectors that the format's specification gives to a disk of this size. */
export function geometryOf(diskBytes: number): Geometry {
  const total = Math.min(Math.floor(diskBytes / SECTOR), LARGEST.cylinders * LARGEST.heads * LARGEST.sectors);
  const shape = (heads: number, sectors: number): Geometry => ({
    cylinders: Math.floor(total / sectors / heads),
    heads,
    sectors,
  });
  if (total >= 65_535 * 16 * 63) return shape(16, 255);
  const tracks = Math.floor(total / 17);
  const heads = Math.max(4, Math.ceil(tracks / 1024));
  if (tracks < heads * 1024 && heads <= 16) return shape(heads, 17);
  return Math.floor(total / 31) < 16 * 1024 ? shape(16, 31) : shape(16, 63);
}

/** What of a file of `fileBytes` with this footer is not a fixed VHD as Azure takes it. */
export function vhdFaults(bytes: Buffer, fileBytes: number): Fault[] {
  const footer = parseVhdFooter(bytes);
  const fault = (holds: boolean, field: string, what: string) =>
    unless(holds, `VHD footer, ${field}`, what, VHD_REMEDY);
  if (footer.cookie !== COOKIE) return fault(false, 'cookie', `is not '${COOKIE}'`);
  const { type, version, dataOffset, geometry, checksum, savedState } = footer;
  const diskBytes = Number(footer.diskBytes);
  const wanted = vhdChecksum(bytes);
  const fits = [geometryOf(diskBytes), LARGEST].some((known) => text(known) === text(geometry));
  return [
    fault(type === FIXED, 'disk type', `is ${type} (${TYPES[type] ?? 'unknown'}) instead of 2 (fixed)`),
    fault(checksum === wanted, 'checksum', `is ${checksum} instead of ${wanted}`),
    fault(version === VERSION_1, 'format version', `is ${version} instead of ${VERSION_1}`),
    fault(dataOffset === NO_HEADER, 'data offset', 'points to a second header'),
    fault(!savedState, 'saved state', 'is set'),
    fault(diskBytes % MiB === 0, 'current size', `${diskBytes} is no whole number of MiB`),
    fault(
      fileBytes === diskBytes + FOOTER,
      'current size',
      `the file has ${fileBytes} bytes instead of ${diskBytes} and ${FOOTER}`,
    ),
    fault(fits, 'geometry', `${text(geometry)} does not belong to ${diskBytes} bytes`),
  ].flat();
}

function text({ cylinders, heads, sectors }: Geometry): string {
  return `${cylinders}/${heads}/${sectors}`;
}
