import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { BaseFacts } from '../../appliance/index.ts';
import { cached } from '../cache.ts';
import type { Work } from '../command.ts';
import { Failure } from '../failure.ts';
import { sha256, sha256OfFile } from '../hash.ts';
import { shellFor } from '../shell.ts';
import { type Base, BaseUnavailable } from './base.ts';
import { cloudImageKeyring } from './cloud-image-keyring.ts';

type CloudImage = Extract<BaseFacts['source'], { kind: 'cloud-image' }>;

const CONNECT_SECONDS = 15;

/** File in the repository that remembers the hash which the first download of a base had. */
function lockFile(name: string): string {
  return fileURLToPath(new URL(`${name}.sha256`, import.meta.url));
}

/**
 * A distribution's own cloud image. Its checksum list must be signed by the distribution, the image must be in the
 * list, and its hash must be the recorded one; the first download records it. Throws BaseUnavailable when it cannot be
 * reached, and Failure when it is reached but not what it should be.
 */
export async function officialImage(name: string, source: CloudImage, work: Work): Promise<Base> {
  const { directory, hit } = await cached(
    'base',
    `${name}-${sha256(source.url).slice(0, 16)}`,
    (unfinished) =>
      work.log.step(`download ${name} from ${source.url}`, () => download(name, source, unfinished, work)),
  );
  const hash = readFileSync(`${directory}/sha256`, 'utf8');
  recordHash(lockFile(name), hash);
  if (hit) work.log.note(`base ${name} from the cache (${hash.slice(0, 16)})`);
  return {
    name,
    id: hash.slice(0, 16),
    disk: `${directory}/disk.qcow2`,
    rehearsal: false,
    origin: {
      kind: 'cloud-image',
      url: source.url,
      sha256: hash,
      signature: `SHA256SUMS, by ${source.keyring}`,
    },
  };
}

async function download(name: string, source: CloudImage, directory: string, work: Work): Promise<void> {
  const folder = source.url.slice(0, source.url.lastIndexOf('/'));
  const file = source.url.slice(folder.length + 1);
  const [sums, signature, image] = ['SHA256SUMS', 'SHA256SUMS.gpg', 'image'].map(
    (part) => `${directory}/${part}`,
  ) as [string, string, string];
  await fetchTo(`${folder}/SHA256SUMS`, sums, work.signal);
  await fetchTo(`${folder}/SHA256SUMS.gpg`, signature, work.signal);
  const keyring = await cloudImageKeyring(source.keyring, directory, work);
  await verifySignature(keyring, signature, sums, work.signal);
  const listed = listedHash(readFileSync(sums, 'utf8'), file);
  const recorded = existsSync(lockFile(name)) ? readFileSync(lockFile(name), 'utf8').trim() : listed;
  if (recorded !== listed) throw changed(name, recorded, listed);

  await fetchTo(source.url, image, work.signal);
  const hash = await sha256OfFile(image);
  if (hash !== listed) {
    throw new Failure(
      `${source.url} has the hash ${hash}, its signed list says ${listed}`,
      'run again; if it stays so, do not use it',
    );
  }
  await shellFor(work.signal)`qemu-img convert -O qcow2 ${image} ${directory}/disk.qcow2`;
  writeFileSync(`${directory}/sha256`, hash);
}

async function fetchTo(url: string, path: string, signal: AbortSignal): Promise<void> {
  const options = [
    '--fail',
    '--silent',
    '--show-error',
    '--location',
    '--proto',
    '=https',
    '--connect-timeout',
    `${CONNECT_SECONDS}`,
  ];
  const fetched = await shellFor(signal)({ nothrow: true })`curl ${options} --output ${path} ${url}`;
  if (fetched.exitCode === 0) return;
  signal.throwIfAborted();
  throw new BaseUnavailable(
    `${url} cannot be fetched (${fetched.stderr.trim()})`,
    'see that this machine reaches the address, or choose another BASE',
  );
}

async function verifySignature(
  keyring: string,
  signature: string,
  sums: string,
  signal: AbortSignal,
): Promise<void> {
  const verified = await shellFor(signal)({ nothrow: true })`gpgv --keyring ${keyring} ${signature} ${sums}`;
  if (verified.exitCode === 0) return;
  throw new Failure(
    `the list of checksums is not signed by a key of ${keyring}: ${verified.stderr.trim()}`,
    'do not use it; see who answers at that address',
  );
}

/** The hash of `file` in the text of a SHA256SUMS. Throws Failure when it is not listed exactly once. */
export function listedHash(sums: string, file: string): string {
  const hashes = sums
    .split('\n')
    .map((line) => /^([0-9a-f]{64}) [ *](.+)$/.exec(line))
    .flatMap((match) => (match?.[2] === file ? [match[1] as string] : []));
  const [hash, second] = hashes;
  if (hash === undefined || second !== undefined) {
    throw new Failure(
      `SHA256SUMS names ${file} ${hashes.length} times, not once`,
      'correct the url of the base in appliance.yaml',
    );
  }
  return hash;
}

/** Writes the hash down at the first download; afterwards it must stay the same. */
export function recordHash(path: string, hash: string): void {
  if (existsSync(path)) {
    const recorded = readFileSync(path, 'utf8').trim();
    if (recorded !== hash) throw changed(path, recorded, hash);
    return;
  }
  mkdirSync(fileURLToPath(new URL('.', import.meta.url)), { recursive: true });
  writeFileSync(`${path}.new`, `${hash}\n`);
  renameSync(`${path}.new`, path);
}

function changed(what: string, recorded: string, found: string): Failure {
  return new Failure(
    `${what}: the recorded hash is ${recorded}, the image now has ${found}`,
    'a dated image does not change: find out why; to accept it, remove the recorded hash',
  );
}
