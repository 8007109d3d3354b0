import { type FileHandle, open } from 'node:fs/promises';
import { refuseFaults, unless } from './fault.ts';

/** A file that is read here and there; closed when it goes out of scope. */
export interface OpenFile extends AsyncDisposable {
  readonly path: string;
  readonly bytes: number;
  /** Throws Failure where the file is too short for it. */
  read(position: number, length: number): Promise<Buffer>;
}

export async function openFile(path: string): Promise<OpenFile> {
  const handle = await open(path, 'r');
  const bytes = (await handle.stat()).size;
  const read = async (position: number, length: number): Promise<Buffer> => {
    const inside = position >= 0 && position + length <= bytes;
    const what = `it has ${bytes} bytes, and ${length} at ${position} are wanted`;
    refuseFaults(
      path,
      unless(inside, 'length', what, 'it was cut off or is another kind of file: make it again'),
    );
    return readInto(handle, Buffer.alloc(length), position);
  };
  return { path, bytes, read, [Symbol.asyncDispose]: () => handle.close() };
}

/** Fills the buffer with what a file has from `position` on, and returns it. */
export async function readInto(handle: FileHandle, buffer: Buffer, position: number): Promise<Buffer> {
  for (let filled = 0; filled < buffer.length; ) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, position + filled);
    if (bytesRead === 0) throw new Error(`the file ended at ${position + filled} while it was read`);
    filled += bytesRead;
  }
  return buffer;
}
