import fs from 'node:fs';
import { open, readdir, readFile, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const PRIVATE = 0o600;

/** What the names of the journal's files end with. */
export const SEGMENT_SUFFIX = '.segment';

/** What the journal does to files. A test puts faults here. */
export interface Disk {
  /** Makes a file of so many zeros; it and its name are on the disk when the promise resolves. Returns its descriptor. */
  createFull(path: string, bytes: number): Promise<number>;
  /** Makes an empty file at once. Returns its descriptor. */
  createEmpty(path: string): number;
  /** Writes all of `bytes` into the page cache, where the end of this process does not touch them. */
  write(descriptor: number, bytes: Buffer, position: number): void;
  /** Resolves when what was written is on the disk. */
  sync(descriptor: number): Promise<void>;
  /** Resolves when the names in a directory are on the disk. */
  syncNames(directory: string): Promise<void>;
  close(descriptor: number): void;
  /** Paths of the segments in a directory, in the order of their names. */
  segments(directory: string): Promise<readonly string[]>;
  read(path: string): Promise<Buffer>;
  remove(path: string): Promise<void>;
  /** Bytes that this process may still write to the file system of a directory. */
  freeBytes(directory: string): Promise<number>;
}

async function syncNames(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function fill(descriptor: number, bytes: number): Promise<void> {
  const zeros = Buffer.alloc(Math.min(bytes, 1024 * 1024));
  for (let at = 0; at < bytes; ) {
    const piece = zeros.subarray(0, Math.min(zeros.length, bytes - at));
    at += await new Promise<number>((resolve, reject) => {
      fs.write(descriptor, piece, 0, piece.length, at, (error, written) =>
        error === null ? resolve(written) : reject(error),
      );
    });
  }
}

function sync(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.fdatasync(descriptor, (error) => (error === null ? resolve() : reject(error)));
  });
}

/** The machine's own file systems. */
export const realDisk: Disk = {
  async createFull(path, bytes) {
    const descriptor = fs.openSync(path, 'wx+', PRIVATE);
    try {
      await fill(descriptor, bytes);
      await sync(descriptor);
      await syncNames(dirname(path));
      return descriptor;
    } catch (error) {
      fs.closeSync(descriptor);
      await rm(path, { force: true });
      throw error;
    }
  },
  createEmpty: (path) => fs.openSync(path, 'wx+', PRIVATE),
  write(descriptor, bytes, position) {
    // A disk that is nearly full takes a part, and tells of it only when it is asked to take the rest.
    for (let at = 0; at < bytes.length; ) {
      at += fs.writeSync(descriptor, bytes, at, bytes.length - at, position + at);
    }
  },
  sync,
  syncNames,
  close: (descriptor) => fs.closeSync(descriptor),
  async segments(directory) {
    const names = await readdir(directory);
    const segments = names.filter((name) => name.endsWith(SEGMENT_SUFFIX)).sort();
    return segments.map((name) => join(directory, name));
  },
  read: (path) => readFile(path),
  remove: (path) => rm(path, { force: true }),
  async freeBytes(directory) {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  },
};
