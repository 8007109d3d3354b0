import { type Fault, unless } from './fault.ts';

/** Everything in a tar archive is a whole number of these. */
export const BLOCK = 512;

const GNU_MAGIC = 'ustar  \0';
const CHECKSUM = { at: 148, bytes: 8 };
const SPARSE = 'S';
const REGULAR = ['0', '\0'];
/** Places for pieces in the header, and in each block that continues the list. */
const IN_HEADER = { at: 386, pieces: 4, more: 482 };
const IN_BLOCK = { at: 0, pieces: 21, more: 504 };
/** How the archive that Google takes is made. */
export const TAR_REMEDY = 'make it with tar --format=oldgnu -Sczf, with disk.raw as its only member';

/** A piece of a sparse file that is stored; everything between pieces is zeros. */
export interface Piece {
  readonly at: number;
  readonly bytes: number;
}

export interface TarHeader {
  readonly name: string;
  readonly magic: string;
  readonly type: string;
  /** Bytes in the archive. */
  readonly stored: number;
  /** Bytes of the file as it is unpacked. */
  readonly bytes: number;
  readonly checksum: number;
  readonly pieces: readonly Piece[];
  /** Whether a block follows that continues the list of pieces. */
  readonly more: boolean;
}

export function parseTarHeader(block: Buffer): TarHeader {
  const type = block.toString('latin1', 156, 157);
  const stored = readNumber(block, 124, 12);
  const isSparse = type === SPARSE;
  return {
    name: readText(block, 0, 100),
    magic: block.toString('latin1', 257, 265),
    type,
    stored,
    bytes: isSparse ? readNumber(block, 483, 12) : stored,
    checksum: readNumber(block, CHECKSUM.at, CHECKSUM.bytes),
    pieces: isSparse ? readPieces(block, IN_HEADER) : [{ at: 0, bytes: stored }],
    more: isSparse && block[IN_HEADER.more] !== 0,
  };
}

/** A block that continues the list of pieces. */
export function parseSparseBlock(block: Buffer): Pick<TarHeader, 'pieces' | 'more'> {
  return { pieces: readPieces(block, IN_BLOCK), more: block[IN_BLOCK.more] !== 0 };
}

/** Sum of the header's bytes, its own checksum counted as spaces. */
export function tarChecksum(block: Buffer): number {
  const end = CHECKSUM.at + CHECKSUM.bytes;
  return block.reduce((sum, byte, index) => sum + (index >= CHECKSUM.at && index < end ? 0x20 : byte), 0);
}

/** What of the header of an archive's first member is not the old GNU format, or not the member `name`. */
export function tarHeaderFaults(block: Buffer, name: string): Fault[] {
  const header = parseTarHeader(block);
  const fault = (holds: boolean, field: string, what: string) =>
    unless(holds, `tar header, ${field}`, what, TAR_REMEDY);
  const wanted = tarChecksum(block);
  if (header.checksum !== wanted)
    return fault(false, 'checksum', `is ${header.checksum} instead of ${wanted}`);
  if (header.type === 'x' || header.type === 'g')
    return fault(false, 'type', `'${header.type}' belongs to the pax format`);
  return [
    fault(header.magic === GNU_MAGIC, 'magic', 'is not that of the old GNU format'),
    fault(header.type === SPARSE || REGULAR.includes(header.type), 'type', `'${header.type}' is no file`),
    fault(header.name === name, 'name', `'${header.name}' instead of '${name}'`),
  ].flat();
}

/** What is wrong with a sparse file's list of pieces, which is to lead from its begin to its end. */
export function pieceFaults({ stored, bytes }: TarHeader, pieces: readonly Piece[]): Fault[] {
  const fault = (holds: boolean, what: string) => unless(holds, 'tar header, sparse map', what, TAR_REMEDY);
  const total = pieces.reduce((sum, piece) => sum + piece.bytes, 0);
  const isInOrder = pieces.every((piece, index) => {
    const before = pieces[index - 1];
    return piece.at >= (before === undefined ? 0 : before.at + before.bytes);
  });
  const last = pieces.at(-1);
  return [
    fault(isInOrder, 'its pieces are not in order'),
    fault(total === stored, `its pieces have ${total} bytes, the archive holds ${stored}`),
    fault(
      last === undefined || last.at + last.bytes <= bytes,
      `it goes past the end of a file of ${bytes} bytes`,
    ),
  ].flat();
}

function readPieces(block: Buffer, { at, pieces }: { at: number; pieces: number }): Piece[] {
  return Array.from({ length: pieces }, (_, index) => at + index * 24)
    .filter((offset) => block[offset] !== 0)
    .map((offset) => ({ at: readNumber(block, offset, 12), bytes: readNumber(block, offset + 12, 12) }));
}

/** Octal digits; larger numbers than fit are stored in base 256, marked by the first bit. NaN for anything else. */
function readNumber(block: Buffer, at: number, bytes: number): number {
  const field = block.subarray(at, at + bytes);
  if (((field[0] ?? 0) & 0x80) !== 0) return field.subarray(-6).readUIntBE(0, 6);
  const digits = readText(block, at, bytes).trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

function readText(block: Buffer, at: number, bytes: number): string {
  return block.toString('latin1', at, at + bytes).replace(/\0.*$/s, '');
}
