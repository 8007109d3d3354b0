import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { readInto } from '../packer/index.ts';

/** A piece of a file. */
export interface Piece {
  /** Which of the whole file it is. */
  readonly index: number;
  readonly offset: number;
  readonly length: number;
}

/** A piece that holds something else than zeros. */
export interface Extent extends Piece {
  /** SHA-256 of its bytes, base64. */
  readonly sha256: string;
}

/** The pieces of `pieceBytes` that hold data; the last one may be shorter. What is all zeros is left out. */
export async function dataExtents(path: string, pieceBytes: number): Promise<Extent[]> {
  const zeros = Buffer.alloc(pieceBytes);
  await using file = await open(path);
  const { size } = await file.stat();
  const found: Extent[] = [];
  const buffer = Buffer.alloc(pieceBytes);
  for (let offset = 0; offset < size; offset += pieceBytes) {
    const length = Math.min(pieceBytes, size - offset);
    const bytes = await readInto(file, buffer.subarray(0, length), offset);
    if (bytes.equals(zeros.subarray(0, length))) continue;
    found.push({ index: offset / pieceBytes, offset, length, sha256: sha256Base64(bytes) });
  }
  return found;
}

/** All pieces of a file, whatever they hold. */
export function allPieces(bytes: number, pieceBytes: number): Piece[] {
  return Array.from({ length: Math.ceil(bytes / pieceBytes) }, (_, index) => ({
    index,
    offset: index * pieceBytes,
    length: Math.min(pieceBytes, bytes - index * pieceBytes),
  }));
}

/** The bytes of a piece, as they are in the file now. */
export async function readPiece(path: string, { offset, length }: Piece): Promise<Buffer> {
  await using file = await open(path);
  return readInto(file, Buffer.alloc(length), offset);
}

export function sha256Base64(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64');
}

export function md5(bytes: Uint8Array): Buffer {
  return createHash('md5').update(bytes).digest();
}
