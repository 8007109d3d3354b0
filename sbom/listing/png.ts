import { crc32 } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** A chunk is its length, its type, its data and a sum over type and data. */
const AROUND = 12;
/** Under this keyword a PNG of ours says which drawing it was made from. */
const KEYWORD = 'Source';

export interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** The drawing that it was made from, as `withSource` wrote it; unset when it does not say. */
  readonly source?: string;
}

interface Chunk {
  readonly type: string;
  readonly data: Buffer;
}

/** What a PNG says of itself. Throws when the bytes are none, or not as they were written. */
export function readPng(png: Buffer): PngHeader {
  const chunks = chunksOf(png);
  const [header] = chunks;
  if (header?.type !== 'IHDR' || header.data.length !== 13) throw new Error('not a PNG: it has no header');
  const source = chunks
    .filter(({ type }) => type === 'tEXt')
    .map(({ data }) => data.toString('latin1').split('\0'))
    .find(([keyword]) => keyword === KEYWORD)?.[1];
  return {
    width: header.data.readUInt32BE(0),
    height: header.data.readUInt32BE(4),
    ...(source === undefined ? {} : { source }),
  };
}

/** The same picture, which says what it was made from. */
export function withSource(png: Buffer, source: string): Buffer {
  const [header, ...others] = chunksOf(png);
  if (header === undefined) throw new Error('not a PNG: it has no header');
  const text = { type: 'tEXt', data: Buffer.from(`${KEYWORD}\0${source}`, 'latin1') };
  return Buffer.concat([SIGNATURE, ...[header, text, ...others].map(written)]);
}

function chunksOf(png: Buffer): Chunk[] {
  if (!png.subarray(0, SIGNATURE.length).equals(SIGNATURE)) throw new Error('not a PNG: it begins otherwise');
  const chunks: Chunk[] = [];
  for (let at = SIGNATURE.length; at < png.length; ) {
    if (png.length - at < AROUND || png.length - at - AROUND < png.readUInt32BE(at))
      throw new Error('not a PNG: it ends in the middle of a chunk');
    const length = png.readUInt32BE(at);
    const chunk = {
      type: png.toString('latin1', at + 4, at + 8),
      data: png.subarray(at + 8, at + 8 + length),
    };
    if (!written(chunk).equals(png.subarray(at, at + AROUND + length)))
      throw new Error(`not a PNG: the sum of its chunk ${chunk.type} is wrong`);
    chunks.push(chunk);
    at += AROUND + length;
  }
  if (chunks.at(-1)?.type !== 'IEND') throw new Error('not a PNG: it has no end');
  return chunks;
}

function written({ type, data }: Chunk): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const around = Buffer.alloc(8);
  around.writeUInt32BE(data.length, 0);
  around.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([around.subarray(0, 4), body, around.subarray(4)]);
}
