import { type FileHandle, open } from 'node:fs/promises';
import type { Shell } from 'zx';

/** Read at once from each disk. */
const CHUNK = 4 * 2 ** 20;

/** What `qemu-img map` says about a stretch of a disk. */
interface Stretch {
  readonly start: number;
  readonly length: number;
  readonly data: boolean;
}

/**
 * Numbers of the blocks in which two raw disks of the same size differ, in order. What is a hole in both is not read.
 * Throws RangeError when their sizes are not the same.
 */
export async function differingBlocks(
  shell: Shell,
  one: string,
  other: string,
  blockBytes: number,
): Promise<number[]> {
  await using left = await open(one);
  await using right = await open(other);
  const [{ size }, { size: otherSize }] = [await left.stat(), await right.stat()];
  if (size !== otherSize) throw new RangeError(`${one} has ${size} bytes, ${other} has ${otherSize}`);
  const chunks = new Set([...(await chunksOf(shell, one)), ...(await chunksOf(shell, other))]);
  const [a, b] = [Buffer.alloc(CHUNK), Buffer.alloc(CHUNK)];
  const found: number[] = [];
  for (const chunk of [...chunks].sort((x, y) => x - y)) {
    const at = chunk * CHUNK;
    const [x, y] = [await filled(left, a, at), await filled(right, b, at)];
    if (x.equals(y)) continue;
    for (let from = 0; from < x.length; from += blockBytes) {
      const same = x.subarray(from, from + blockBytes).equals(y.subarray(from, from + blockBytes));
      if (!same) found.push((at + from) / blockBytes);
    }
  }
  return found;
}

/** The chunks that hold data. */
async function chunksOf(shell: Shell, disk: string): Promise<number[]> {
  const stretches = JSON.parse((await shell`qemu-img map --output=json -f raw ${disk}`).stdout) as Stretch[];
  return stretches
    .filter(({ data }) => data)
    .flatMap(({ start, length }) => {
      const [first, last] = [Math.floor(start / CHUNK), Math.floor((start + length - 1) / CHUNK)];
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
}

async function filled(file: FileHandle, buffer: Buffer, at: number): Promise<Buffer> {
  const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
  return buffer.subarray(0, bytesRead);
}
