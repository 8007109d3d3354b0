import { chmodSync, copyFileSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import type { MachineFacts } from '../appliance/index.ts';
import { type ImageIdentity, manifestPaths } from '../operator/index.ts';
import { type SigningKey, signManifest } from '../sbom/index.ts';
import type { Work } from './command.ts';
import { assertNothingElse } from './disk/nothing-else.ts';
import { putFiles } from './disk/put-files.ts';
import type { SealedDisk } from './driver.ts';
import type { Manifest } from './manifest.ts';
import { shellFor } from './shell.ts';
import { assertSameTree, type TreeState, treeState } from './tree-state.ts';

/** The sealed image as it was before anybody looked at it: what ships is held against this. */
export interface AsSealed {
  readonly disk: string;
  readonly tree: TreeState;
}

/** Keeps the state of a sealed image; holes of its disk stay holes, so this takes as long as its data. */
export async function keepAsSealed({ path, tree }: SealedDisk, { signal }: Work): Promise<AsSealed> {
  const disk = `${path}.as-sealed`;
  await shellFor(signal)`cp --sparse=always --reflink=auto ${path} ${disk}`;
  return { disk, tree: treeState(tree) };
}

/** What is put into the image at the end. */
export interface Shipment {
  readonly facts: MachineFacts;
  readonly manifest: ImageIdentity & Pick<Manifest, 'packages'>;
  readonly key: SigningKey;
  /** Files of the build host that come into the vendor's directory. */
  readonly reports: readonly string[];
}

/** Puts the reports into the tree, lists what is shipped, signed, and puts the list there too. Returns the paths of these files. */
export function putReports(tree: string, { facts, manifest, key, reports }: Shipment): string[] {
  const put = reports.map((file) => {
    const path = `/etc/${facts.vendor.directory}/${basename(file)}`;
    copyFileSync(file, `${tree}${path}`);
    chmodSync(`${tree}${path}`, 0o644);
    return path;
  });
  signManifest({ tree, facts, manifest }, key);
  const { manifest: list, signature, publicKey } = manifestPaths(facts);
  return [...put, publicKey, list, signature];
}

/**
 * Puts reports and list into the tree, and on the disk as they are in the tree: the last thing that changes either. Returns
 * the paths of these files, and nothing else may differ.
 */
export async function shipReports(
  { path, tree }: SealedDisk,
  shipment: Shipment,
  { signal }: Work,
): Promise<string[]> {
  const paths = putReports(tree, shipment);
  await putFiles(shellFor(signal), path, { tree, paths, work: `${tree}.put` });
  return paths;
}

/** Proves that disk and tree are as they were sealed but for the files that were put; the copy of the disk goes then. */
export async function proveNothingElse(
  sealed: SealedDisk,
  before: AsSealed,
  paths: readonly string[],
  { signal }: Work,
): Promise<void> {
  assertSameTree(before.tree, treeState(sealed.tree), paths);
  await assertNothingElse(shellFor(signal), { before: before.disk, after: sealed.path }, paths);
  rmSync(before.disk);
}
