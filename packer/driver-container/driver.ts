import { mkdirSync } from 'node:fs';
import type { Base } from '../base/base.ts';
import type { Work } from '../command.ts';
import { assembleDisk } from '../disk/assemble.ts';
import type { Driver, Play, SealedDisk } from '../driver.ts';
import { Failure } from '../failure.ts';
import { runPacker, type Stage } from '../packer-run.ts';
import { playVariables } from '../play-variables.ts';
import { shellFor } from '../shell.ts';
import { makeSshKey, sshLine } from '../ssh.ts';
import { startMachine } from './machine.ts';
import { closeNetwork, openNetwork } from './outside.ts';

/** Bakes in the root tree itself, booted as a systemd-nspawn machine, and makes the disk from the tree afterwards. */
export function containerDriver(work: Work): Driver {
  const { log, signal } = work;
  const shell = shellFor(signal);

  async function copyTree(from: string, to: string): Promise<void> {
    await log.step('copy the tree', async () => void (await shell`cp -a --reflink=auto ${from} ${to}`));
  }

  async function bake(base: Base, directory: string, play: Play): Promise<void> {
    if (base.tree === undefined) {
      throw new Failure(`${base.name} has no root tree to bake in`, 'bake it with DRIVER=vm');
    }
    await copyTree(base.tree, `${directory}/tree`);
    await playIn(`${directory}/tree`, 'bake', play);
  }

  async function seal(directory: string, play: Play): Promise<SealedDisk> {
    const tree = `${play.work}/tree`;
    await copyTree(`${directory}/tree`, tree);
    await playIn(tree, 'generalise', play);
    const disk = { path: `${play.work}/disk.raw`, format: 'raw', tree } as const;
    const assembly = `${play.work}/assembly`;
    mkdirSync(assembly);
    await log.step('assemble the disk', () =>
      assembleDisk(shell, tree, disk.path, { bytes: play.diskBytes, work: assembly }),
    );
    return disk;
  }

  async function playIn(tree: string, stage: Stage, play: Play): Promise<void> {
    const small = `${play.work}/${stage}-machine`;
    mkdirSync(small);
    const key = await makeSshKey(shell, small);
    const network = await openNetwork();
    let kept = false;
    try {
      const machine = await log.step('start the build machine', () =>
        startMachine({ tree, network, key, console: `${play.work}/serial.log`, work: small, signal }),
      );
      try {
        const variables = { ...playVariables(play, stage, key), ssh_host: network.machineAddress };
        const build = {
          stage,
          source: 'null.container',
          variables,
          work: play.work,
          keep: play.keep,
        } as const;
        await log.step(`Packer: ${stage}`, () => runPacker(play.packer, build, work));
      } catch (error) {
        kept = play.keep && !signal.aborted;
        if (kept) {
          machine.leave();
          log.note(
            `the machine runs on until the next bake; enter it with\n${sshLine(key, network.machineAddress)}`,
          );
        }
        throw error;
      } finally {
        if (!kept) await log.step('power off the build machine', () => machine.powerOff());
      }
    } finally {
      if (!kept) await closeNetwork();
    }
  }

  return { name: 'container', bake, seal };
}
