import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { createGunzip } from 'node:zlib';
import { Failure } from '../failure.ts';
import { openFile } from './bytes.ts';
import { refuseFaults, unless } from './fault.ts';

/** A gzip file ends with the length of its content, counted so far. */
const WRAP = 2 ** 32;
const REMEDY = 'it was cut off or changed: make it again';

/** The content of a gzip file, taken piece by piece from its begin to its end. */
export interface Gunzipped {
  /** The next bytes; fewer at the end. */
  take(length: number): Promise<Buffer>;
  /** Passes over the next bytes; returns how many there were. */
  skip(length: number): Promise<number>;
}

/**
 * Lets `use` read what a gzip file holds, and reads the rest of it, so that its checksum and length are proven.
 * Throws Failure for a file that is no gzip, was cut off, or has something behind its end.
 */
export async function gunzipped<T>(path: string, use: (content: Gunzipped) => Promise<T>): Promise<T> {
  const file = createReadStream(path, { highWaterMark: 2 ** 20 });
  const gunzip = createGunzip({ chunkSize: 2 ** 20 });
  file.on('error', (error) => gunzip.destroy(error));
  const chunks = file.pipe(gunzip)[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  try {
    const content = reader(chunks);
    const result = await use(content);
    await content.skip(Number.POSITIVE_INFINITY);
    await using archive = await openFile(path);
    const said = (await archive.read(archive.bytes - 4, 4)).readUInt32LE();
    const what = `its last bytes say ${said} instead of ${content.taken() % WRAP}: something follows its end`;
    refuseFaults(path, unless(said === content.taken() % WRAP, 'gzip', what, REMEDY));
    return result;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === undefined || !/^Z_/.test(code)) throw error;
    throw new Failure(`${basename(path)}: gzip: ${(error as Error).message}`, REMEDY, { cause: error });
  } finally {
    file.destroy();
    gunzip.destroy();
  }
}

function reader(chunks: AsyncIterator<Buffer>): Gunzipped & { taken(): number } {
  let total = 0;
  let held: Buffer = Buffer.alloc(0);
  /** Whether there is anything to take. */
  async function fill(): Promise<boolean> {
    while (held.length === 0) {
      const { value, done } = await chunks.next();
      if (done === true) return false;
      held = value;
    }
    return true;
  }
  async function each(length: number, use: (part: Buffer) => void): Promise<number> {
    let taken = 0;
    while (taken < length && (await fill())) {
      const part = held.subarray(0, Math.min(length - taken, held.length));
      held = held.subarray(part.length);
      taken += part.length;
      total += part.length;
      use(part);
    }
    return taken;
  }
  return {
    take: async (length) => {
      const parts: Buffer[] = [];
      await each(length, (part) => parts.push(part));
      return Buffer.concat(parts);
    },
    skip: (length) => each(length, () => {}),
    taken: () => total,
  };
}
