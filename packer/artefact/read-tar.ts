import { refuseFaults, unless } from './fault.ts';
import { type Gunzipped, gunzipped } from './gunzipped.ts';
import {
  BLOCK,
  type Piece,
  parseSparseBlock,
  parseTarHeader,
  pieceFaults,
  TAR_REMEDY,
  type TarHeader,
  tarHeaderFaults,
} from './tar-header.ts';

/** At least so many blocks of zeros end an archive. */
const END_BLOCKS = 2;

export interface TarFacts {
  readonly format: 'tar';
  readonly member: string;
  /** Bytes of the disk as it is unpacked. */
  readonly diskBytes: number;
  /** Bytes of it in the archive: the rest is zeros. */
  readonly storedBytes: number;
  readonly pieces: number;
}

/**
 * Reads a gzipped tar archive of the old GNU format from its begin to its end. Throws Failure unless the file `member`,
 * whole and sparse or not, is all that is in it.
 */
export function readTar(path: string, member: string): Promise<TarFacts> {
  return gunzipped(path, async (content) => {
    const block = await content.take(BLOCK);
    refuseFaults(path, unless(block.length === BLOCK, 'tar header', 'the archive is empty', TAR_REMEDY));
    refuseFaults(path, tarHeaderFaults(block, member));
    const header = parseTarHeader(block);
    const pieces = await allPieces(content, header);
    refuseFaults(path, pieceFaults(header, pieces));
    const padded = Math.ceil(header.stored / BLOCK) * BLOCK;
    const skipped = await content.skip(padded);
    const cut = `has ${skipped} of ${padded} bytes`;
    refuseFaults(path, unless(skipped === padded, `tar member ${member}`, cut, TAR_REMEDY));
    refuseFaults(path, await endFaults(content));
    const { bytes: diskBytes, stored: storedBytes } = header;
    return { format: 'tar', member, diskBytes, storedBytes, pieces: pieces.length };
  });
}

async function allPieces(content: Gunzipped, header: TarHeader): Promise<Piece[]> {
  const pieces = [...header.pieces];
  for (let { more } = header; more; ) {
    const block = await content.take(BLOCK);
    if (block.length < BLOCK) break;
    const next = parseSparseBlock(block);
    pieces.push(...next.pieces);
    more = next.more;
  }
  return pieces;
}

async function endFaults(content: Gunzipped) {
  let blocks = 0;
  for (let block = await content.take(BLOCK); block.length > 0; block = await content.take(BLOCK)) {
    if (block.some((byte) => byte !== 0))
      return unless(false, 'tar end', 'something follows the disk: another member, or rubbish', TAR_REMEDY);
    blocks += 1;
  }
  return unless(blocks >= END_BLOCKS, 'tar end', `there are ${blocks} of ${END_BLOCKS} blocks`, TAR_REMEDY);
}
