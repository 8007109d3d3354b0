import { createHash, type Hash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';

/** Read at once. */
const PIECE = 2 ** 20;
const ZEROS = Buffer.alloc(PIECE);

/** SHA-256 of a text or of bytes, in hex. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** SHA-256 of a file of any size, in hex. */
export async function sha256OfFile(path: string): Promise<string> {
  return (await hashOfFile('sha256', path)).toString('hex');
}

/** MD5 of a file of any size, for a cloud that computes no other. */
export function md5OfFile(path: string): Promise<Buffer> {
  return hashOfFile('md5', path);
}

async function hashOfFile(algorithm: string, path: string): Promise<Buffer> {
  const hash = createHash(algorithm);
  await using file = await open(path);
  await addToHash(hash, file);
  return hash.digest();
}

/** Adds the bytes of a file, from byte `start` up to and without `end`. */
export async function addToHash(hash: Hash, file: FileHandle, start = 0, end = Infinity): Promise<void> {
  for await (const { bytes } of pieces(file, start, end)) hash.update(bytes);
}

/**
 * Adds what a file holds from `start` up to `end` but zeros, with the places where it lies: nearly all of a disk is empty,
 * and to hash that takes three times as long as to see it.
 */
export async function addDataToHash(hash: Hash, file: FileHandle, start: number, end: number): Promise<void> {
  for await (const { at, bytes } of pieces(file, start, end)) {
    if (bytes.equals(ZEROS.subarray(0, bytes.length))) continue;
    hash.update(`${at - start} ${bytes.length}\n`).update(bytes);
  }
}

/** What a file holds, through one buffer: a VHD has 30 GiB, and new ones for each piece cost more than the hash. */
async function* pieces(
  file: FileHandle,
  start: number,
  end: number,
): AsyncGenerator<{ at: number; bytes: Buffer }> {
  const buffer = Buffer.allocUnsafe(PIECE);
  for (let at = start; at < end; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(PIECE, end - at), at);
    if (bytesRead === 0) return;
    yield { at, bytes: buffer.subarray(0, bytesRead) };
    at += bytesRead;
  }
}

/**
 * One hash for a directory: of each file's path below it, executable bit and content, in the order of the paths.
 * Times and owners do not count, so a fresh checkout has the same hash.
 */
export function sha256OfTree(directory: string): string {
  const lines = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .sort()
    .flatMap((path) => describe(directory, path));
  return sha256(lines.join('\n'));
}

function describe(directory: string, path: string): string[] {
  const full = join(directory, path);
  const stat = lstatSync(full);
  if (stat.isDirectory()) return [];
  if (stat.isSymbolicLink()) return [`link ${readlinkSync(full)} ${path}`];
  const kind = (stat.mode & 0o111) === 0 ? 'file' : 'program';
  return [`${kind} ${sha256(readFileSync(full))} ${path}`];
}
