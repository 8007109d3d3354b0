import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type Acceleration, accelerationFor } from '../acceleration.ts';
import type { Base } from '../base/base.ts';
import type { Work } from '../command.ts';
import { readRootTree } from '../disk/read-tree.ts';
import type { Driver, Play, SealedDisk } from '../driver.ts';
import { sha256OfFile } from '../hash.ts';
import { runPacker, type Stage, transcriptOf } from '../packer-run.ts';
import { playVariables } from '../play-variables.ts';
import { shellFor } from '../shell.ts';
import { makeSshKey, type SshKey, sshLine } from '../ssh.ts';
import { baseDisk } from './base-disk.ts';
import { pidFileIn } from './leftover.ts';
import { seedFor } from './seed.ts';

/** Where a machine that a person starts again lets SSH in. */
const KEPT_PORT = 2222;

/** Bakes in a virtual machine that boots a copy of the base's disk; Packer starts and ends it. */
export function vmDriver(work: Work, kvm: boolean): Driver {
  const { log, signal } = work;
  const shell = shellFor(signal);

  async function bake(base: Base, directory: string, play: Play): Promise<void> {
    const start = await baseDisk(base, play.diskBytes, work);
    const disk = `${directory}/disk.qcow2`;
    await playOn(start, disk, 'bake', play);
    await readTree(disk, `${directory}/tree`);
  }

  async function adapt(directory: string, play: Play): Promise<string> {
    const adapted = `${play.work}/adapted`;
    mkdirSync(adapted);
    await playOn(`${directory}/disk.qcow2`, `${adapted}/disk.qcow2`, 'target', play);
    await readTree(`${adapted}/disk.qcow2`, `${adapted}/tree`);
    return adapted;
  }

  async function seal(directory: string, play: Play): Promise<SealedDisk> {
    const path = `${play.work}/disk.qcow2`;
    await playOn(`${directory}/disk.qcow2`, path, 'generalise', play);
    const tree = `${play.work}/tree`;
    await readTree(path, tree);
    return { path, format: 'qcow2', tree };
  }

  async function generalise(directory: string, play: Play): Promise<string> {
    return (await seal(directory, play)).tree;
  }

  async function readTree(disk: string, tree: string): Promise<void> {
    await log.step('read the root file system of the disk', () => readRootTree(shell, disk, tree));
  }

  async function playOn(start: string, result: string, stage: Stage, play: Play): Promise<void> {
    const small = `${play.work}/${stage}-machine`;
    mkdirSync(small);
    const key = await makeSshKey(shell, small);
    const { program, ...acceleration } = await accelerationFor(kvm);
    const variables = {
      ...playVariables(play, stage, key),
      ...{ qemu: program, ...acceleration },
      disk: start,
      disk_sha256: await sha256OfFile(start),
      seed: await seedFor(shell, key, small),
      serial_log: `${play.work}/serial.log`,
      output: `${small}/output`,
      pid_file: pidFileIn(play.work),
    };
    writeFileSync(variables.serial_log, '', { flag: 'a' });
    const build = { stage, source: 'qemu.vm', variables, work: play.work, keep: play.keep } as const;
    try {
      await log.step(`Packer: ${stage} in a virtual machine (${kvm ? 'KVM' : 'emulated'})`, () =>
        runPacker(play.packer, build, work),
      );
    } catch (error) {
      if (play.keep && !signal.aborted) log.note(keptLine(readFileSync(transcriptOf(build), 'utf8'), key));
      throw error;
    }
    renameSync(`${small}/output/disk.qcow2`, result);
  }

  async function leave(directory: string, play: Play): Promise<void> {
    const small = `${play.work}/kept-machine`;
    mkdirSync(small);
    const key = await makeSshKey(shell, small);
    const seed = await seedFor(shell, key, small);
    const disk = `${small}/disk.qcow2`;
    await shell`qemu-img create -q -f qcow2 -F qcow2 -b ${directory}/disk.qcow2 ${disk}`;
    log.note(
      `a machine as it was baked can be started and entered with\n${qemuLine(disk, seed, await accelerationFor(kvm))}\n${sshLine(key, '127.0.0.1', KEPT_PORT)}`,
    );
  }

  return { name: 'vm', bake, adapt, generalise, seal, leave };
}

function qemuLine(disk: string, seed: string, acceleration: Acceleration): string {
  const { program, accelerator, cpu, smp } = acceleration;
  return [
    `${program} -machine q35 -accel ${accelerator} -cpu ${cpu} -smp ${smp} -m 2048 -display none -serial mon:stdio`,
    `-drive file=${disk},if=virtio -cdrom ${seed}`,
    `-nic user,model=virtio-net-pci,hostfwd=tcp:127.0.0.1:${KEPT_PORT}-:22`,
  ].join(' ');
}

/** How to enter the machine that Packer left; which port of this host leads there, only Packer's words tell. */
function keptLine(transcript: string, key: SshKey): string {
  const port = /port for communicator[^:]*: (\d+)/.exec(transcript)?.[1];
  return port === undefined
    ? 'the machine had no way in yet'
    : `the machine runs on until its image is made again; enter it with\n${sshLine(key, '127.0.0.1', Number(port))}`;
}
