import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import type { Base } from '../base/base.ts';
import type { Work } from '../command.ts';
import { readRootTree } from '../disk/read-tree.ts';
import type { Driver, Play, SealedDisk } from '../driver.ts';
import { sha256OfFile } from '../hash.ts';
import { runPacker, type Stage } from '../packer-run.ts';
import { playVariables } from '../play-variables.ts';
import { shellFor } from '../shell.ts';
import { makeSshKey } from '../ssh.ts';
import { accelerationFor } from './acceleration.ts';
import { baseDisk } from './base-disk.ts';
import { seedFor } from './seed.ts';

/** Bakes in a virtual machine that boots a copy of the base's disk; Packer starts and ends it. */
export function vmDriver(work: Work, kvm: boolean): Driver {
  const { log, signal } = work;
  const shell = shellFor(signal);

  async function bake(base: Base, directory: string, play: Play): Promise<void> {
    const start = await baseDisk(base, play.diskBytes, work);
    await playOn(start, `${directory}/disk.qcow2`, 'bake', play);
  }

  async function seal(directory: string, play: Play): Promise<SealedDisk> {
    const path = `${play.work}/disk.qcow2`;
    await playOn(`${directory}/disk.qcow2`, path, 'generalise', play);
    const tree = `${play.work}/tree`;
    await log.step('read the root file system of the disk', () => readRootTree(shell, path, tree));
    return { path, format: 'qcow2', tree };
  }

  async function playOn(start: string, result: string, stage: Stage, play: Play): Promise<void> {
    const small = `${play.work}/${stage}-machine`;
    mkdirSync(small);
    const key = await makeSshKey(shell, small);
    const variables = {
      ...playVariables(play, stage, key),
      ...accelerationFor(kvm),
      disk: start,
      disk_sha256: await sha256OfFile(start),
      seed: await seedFor(shell, key, small),
      serial_log: `${play.work}/serial.log`,
      output: `${small}/output`,
    };
    writeFileSync(variables.serial_log, '', { flag: 'a' });
    const build = { stage, source: 'qemu.vm', variables, work: play.work, keep: play.keep } as const;
    await log.step(`Packer: ${stage} in a virtual machine (${kvm ? 'KVM' : 'emulated'})`, () =>
      runPacker(play.packer, build, work),
    );
    renameSync(`${small}/output/disk.qcow2`, result);
  }

  return { name: 'vm', bake, seal };
}
