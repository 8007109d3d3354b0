import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import type { Shell } from 'zx';
import { assembleDisk } from '../disk/assemble.ts';
import type { SealedDisk } from '../driver.ts';
import { sha256 } from '../hash.ts';
import { places } from '../places.ts';
import { programFailure } from '../shell.ts';

/** Unpacks what Packer has fetched of a machine: its root tree, as a copy that may be worked on. */
export async function unpackTree(shell: Shell, archive: string, tree: string): Promise<void> {
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(tree);
  const asItWas = ['--numeric-owner', '--same-permissions', '--xattrs', '--xattrs-include=*'];
  await shell`tar --extract --gzip ${asItWas} --file=${archive} --directory=${tree}`;
}

/** Does on the copy what ends the build on the machine, by the same script and the machine's own programs. */
export async function takeLastStep(shell: Shell, tree: string, buildUser: string): Promise<void> {
  const script = '/var/tmp/last-step.sh';
  copyFileSync(`${places.packer}/marketplace/last-step.sh`, `${tree}${script}`);
  const name = `--machine=last-step-${sha256(tree).slice(0, 8)}`;
  const machine = ['--quiet', '--register=no', '--keep-unit', '--pipe', '--private-network', name];
  const asItIs = ['--resolv-conf=off', '--timezone=off', '--link-journal=no'];
  try {
    await shell`systemd-nspawn --directory=${tree} ${machine} ${asItIs} --setenv=BUILD_USER=${buildUser} sh ${script}`;
  } catch (error) {
    throw programFailure(error, 'the same would fail in the cloud: see packer/marketplace/last-step.sh');
  }
}

/** A disk of the copy that boots here, for who judges it in a virtual machine; the copy stays as it is. */
export async function diskOf(
  shell: Shell,
  tree: string,
  options: { directory: string; bytes: number; kernelArguments: readonly string[] },
): Promise<Pick<SealedDisk, 'path' | 'format'>> {
  const { directory, bytes, kernelArguments } = options;
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(`${directory}/assembly`, { recursive: true });
  const [own, path] = [`${directory}/tree`, `${directory}/disk.raw`];
  await shell`cp -a --reflink=auto ${tree} ${own}`;
  await assembleDisk(shell, own, path, { bytes, work: `${directory}/assembly`, kernelArguments });
  rmSync(own, { recursive: true });
  return { path, format: 'raw' };
}
