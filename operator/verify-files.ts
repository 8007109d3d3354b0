import { createHash } from 'node:crypto';
import {
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  type Stats,
} from 'node:fs';
import { join } from 'node:path';
import type { ImageManifest, ShippedFile } from './verify-manifest.ts';
import { type InstalledPackages, readInstalledPackages } from './verify-packages.ts';

/**
 * - `updated`: apt has replaced or removed its package since, and it is what that package brings.
 * - `edited`: the operator's to change, and changed.
 * - `changed`, `missing`, `extra`: nobody should have done that.
 */
export type FileState = 'updated' | 'edited' | 'changed' | 'missing' | 'extra';

/** A file that is not as it was shipped. */
export interface Difference {
  readonly path: string;
  readonly state: FileState;
  readonly detail: string;
}

/** A package whose version is another one than the shipped. */
export interface PackageChange {
  readonly name: string;
  readonly shipped: string;
  /** Undefined when it is gone. */
  readonly installed: string | undefined;
}

export interface Comparison {
  readonly files: number;
  readonly differences: readonly Difference[];
  readonly packages: readonly PackageChange[];
}

/** States that nobody has an innocent explanation for. */
export const alarming: readonly FileState[] = ['changed', 'missing', 'extra'];

/**
 * Compares the system below `root` with what was shipped; reads every file. `unlisted` may lie in a closed directory
 * all the same: a manifest cannot list itself.
 */
export function compareWithManifest(
  root: string,
  manifest: ImageManifest,
  unlisted: readonly string[],
): Comparison {
  const installed = readInstalledPackages(root);
  const look = (file: ShippedFile) => differenceOf(root, file, manifest, installed);
  return {
    files: manifest.files.length,
    differences: [...manifest.files.flatMap(look), ...extras(root, manifest, unlisted)],
    packages: changedPackages(manifest, installed),
  };
}

function changedPackages({ packages }: ImageManifest, installed: InstalledPackages): PackageChange[] {
  return packages
    .map(({ name, version }) => ({ name, shipped: version, installed: installed.versionOf(name) }))
    .filter((change) => change.installed !== change.shipped);
}

function differenceOf(
  root: string,
  file: ShippedFile,
  manifest: ImageManifest,
  installed: InstalledPackages,
): Difference[] {
  const fault = faultOf(root, file);
  if (fault === undefined) return [];
  const { path } = file;
  const since = updateOf(root, file, manifest, installed);
  if (since !== undefined) return [{ path, ...since }];
  if (fault.state === 'changed' && isEditable(path, manifest))
    return [{ path, state: 'edited', detail: "the operator's to change" }];
  return [{ path, ...fault }];
}

/** What is wrong with a file, were it still the shipped one. */
function faultOf(root: string, file: ShippedFile): Omit<Difference, 'path'> | undefined {
  const stat = lstatSync(join(root, file.path), { throwIfNoEntry: false });
  if (stat === undefined) return { state: 'missing', detail: 'it was shipped and is gone' };
  const faults = faultsOf(root, file, stat);
  return faults.length === 0 ? undefined : { state: 'changed', detail: faults.join(', ') };
}

function faultsOf(root: string, file: ShippedFile, stat: Stats): string[] {
  const isKind = file.kind === 'link' ? stat.isSymbolicLink() : stat.isFile();
  if (!isKind) return [`it is no ${file.kind} any more`];
  const found = { mode: modeOf(stat), owner: `${stat.uid}:${stat.gid}` };
  const shipped = { mode: file.mode, owner: `${file.uid}:${file.gid}` };
  return [
    contentHash(join(root, file.path), file.kind) === file.sha256 ? [] : 'other content',
    file.kind === 'link' || found.mode === shipped.mode
      ? []
      : `mode ${found.mode} instead of ${shipped.mode}`,
    found.owner === shipped.owner ? [] : `owner ${found.owner} instead of ${shipped.owner}`,
  ].flat();
}

/** The permission bits of a file as a manifest writes them. */
export function modeOf(stat: Stats): string {
  return (stat.mode & 0o7777).toString(8).padStart(4, '0');
}

/** What a manifest says of a file's content, or of where a link leads. */
export function contentHash(path: string, kind: ShippedFile['kind']): string {
  const hash = createHash('sha256');
  if (kind === 'link') hash.update(readlinkSync(path));
  else forEachPiece(path, (piece) => hash.update(piece));
  return hash.digest('hex');
}

/** All files are read through it, a piece at a time: memory of its own for each takes longer to get than most are to hash. */
const buffer = Buffer.alloc(2 ** 20);

function forEachPiece(path: string, use: (piece: Buffer) => void): void {
  const file = openSync(path, 'r');
  try {
    for (let size = readSync(file, buffer); size > 0; size = readSync(file, buffer)) {
      use(buffer.subarray(0, size));
    }
  } finally {
    closeSync(file);
  }
}

/**
 * How a package's new version explains the difference; undefined when there is no new version. Its own sums must then
 * speak for the file, and its mode and owner may grant no more than before: somebody who swaps a program must not get
 * away with it at the next upgrade.
 */
function updateOf(
  root: string,
  file: ShippedFile,
  { packages }: ImageManifest,
  installed: InstalledPackages,
): Omit<Difference, 'path'> | undefined {
  const shipped = packages.find(({ name }) => name === file.package);
  if (shipped === undefined) return undefined;
  const version = installed.versionOf(shipped.name);
  if (version === shipped.version) return undefined;
  if (version === undefined) {
    const gone = lstatSync(join(root, file.path), { throwIfNoEntry: false }) === undefined;
    return gone ? { state: 'updated', detail: `${shipped.name} was removed` } : undefined;
  }
  const detail = `${shipped.name} ${version}`;
  const expected = installed.md5Of(shipped.name, file.path);
  const found = md5Of(join(root, file.path));
  if (expected !== undefined && expected === found) {
    const rights = rightsGained(root, file);
    return rights === undefined
      ? { state: 'updated', detail }
      : { state: 'changed', detail: `${detail}, but ${rights}` };
  }
  if (expected === undefined && file.kind === 'link') return { state: 'updated', detail };
  return { state: found === undefined ? 'missing' : 'changed', detail: `not what ${detail} brings` };
}

/** Bits that let more people write a file, or give its owner's rights to who runs it. */
const RIGHTS = 0o6022;

/**
 * What an upgraded file grants that the shipped one did not. dpkg keeps no list of modes, so a narrower one, or the
 * system's own as owner, passes; anything more does not come by an upgrade.
 */
function rightsGained(root: string, { path, mode, uid, gid }: ShippedFile): string | undefined {
  const stat = lstatSync(join(root, path));
  const gained = stat.mode & RIGHTS & ~Number.parseInt(mode, 8);
  if (gained !== 0) return `mode ${modeOf(stat)} where ${mode} was shipped`;
  const asShipped = stat.uid === uid && stat.gid === gid;
  const plain = stat.uid === 0 && stat.gid === 0 && (stat.mode & 0o6000) === 0;
  return asShipped || plain ? undefined : `owner ${stat.uid}:${stat.gid} where ${uid}:${gid} was shipped`;
}

/** Undefined for what is no regular file. */
function md5Of(path: string): string | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat?.isFile() === true ? createHash('md5').update(readFileSync(path)).digest('hex') : undefined;
}

function isEditable(path: string, { editable }: ImageManifest): boolean {
  return editable.some((pattern) => (pattern.endsWith('/') ? path.startsWith(pattern) : path === pattern));
}

function extras(root: string, manifest: ImageManifest, unlisted: readonly string[]): Difference[] {
  const known = new Set([...unlisted, ...manifest.files.map(({ path }) => path)]);
  return manifest.closed
    .flatMap((directory) => filesBelow(root, directory))
    .filter((path) => !known.has(path))
    .map((path) => ({ path, state: 'extra', detail: 'it was not shipped' }));
}

/** Files and links below a directory, by their absolute paths on the machine; none when there is no such directory. */
export function filesBelow(root: string, directory: string): string[] {
  const stat = lstatSync(join(root, directory), { throwIfNoEntry: false });
  if (stat?.isDirectory() !== true) return [];
  return readdirSync(join(root, directory), { withFileTypes: true }).flatMap((entry) => {
    const path = `${directory.replace(/\/$/, '')}/${entry.name}`;
    if (entry.isDirectory()) return filesBelow(root, path);
    return entry.isFile() || entry.isSymbolicLink() ? [path] : [];
  });
}
