import { appendFileSync, existsSync, mkdirSync } from 'node:fs';
import { $ } from 'zx';
import type { Base } from '../base/base.ts';
import type { Work } from '../command.ts';
import { assembleDisk } from '../disk/assemble.ts';
import { readRootTree } from '../disk/read-tree.ts';
import type { Driver, Play, SealedDisk } from '../driver.ts';
import { Failure } from '../failure.ts';
import { runPacker, type Stage } from '../packer-run.ts';
import { playVariables } from '../play-variables.ts';
import { shellFor } from '../shell.ts';
import { makeSshKey, type SshKey, sshLine } from '../ssh.ts';
import { type Machine, startMachine } from './machine.ts';
import { closeNetwork, openNetwork } from './outside.ts';

/** Bakes in the root tree itself, booted as a systemd-nspawn machine, and makes the disk from the tree afterwards. */
export function containerDriver(work: Work): Driver {
  const { log, signal } = work;
  const shell = shellFor(signal);

  async function copyTree(from: string, to: string): Promise<void> {
    await log.step('copy the tree', async () => void (await shell`cp -a --reflink=auto ${from} ${to}`));
  }

  async function unpackDisk({ name, disk }: Base, tree: string): Promise<void> {
    if (disk === undefined)
      throw new Failure(`${name} is neither a tree nor a disk`, 'see how the base is made');
    await log.step(`unpack the disk of ${name}`, () => readRootTree(shell, disk, tree));
  }

  async function bake(base: Base, directory: string, play: Play): Promise<void> {
    const tree = `${directory}/tree`;
    await (base.tree === undefined ? unpackDisk(base, tree) : copyTree(base.tree, tree));
    await playIn(tree, 'bake', play);
  }

  async function adapt(directory: string, play: Play): Promise<string> {
    const adapted = `${play.work}/adapted`;
    mkdirSync(adapted);
    await copyTree(`${directory}/tree`, `${adapted}/tree`);
    await playIn(`${adapted}/tree`, 'target', play);
    return adapted;
  }

  async function generalise(directory: string, play: Play): Promise<string> {
    const tree = `${play.work}/tree`;
    await copyTree(`${directory}/tree`, tree);
    await playIn(tree, 'generalise', play);
    return tree;
  }

  async function seal(directory: string, play: Play): Promise<SealedDisk> {
    const tree = await generalise(directory, play);
    const disk = { path: `${play.work}/disk.raw`, format: 'raw', tree } as const;
    const assembly = `${play.work}/assembly`;
    mkdirSync(assembly);
    await log.step('assemble the disk', () =>
      assembleDisk(shell, tree, disk.path, {
        bytes: play.diskBytes,
        work: assembly,
        kernelArguments: play.kernelArguments,
      }),
    );
    return disk;
  }

  async function playIn(tree: string, stage: Stage, play: Play): Promise<void> {
    await inMachine(tree, stage, play, async (machine, key, address) => {
      const variables = { ...playVariables(play, stage, key), ssh_host: address };
      const build = { stage, source: 'null.container', variables, work: play.work, keep: play.keep } as const;
      try {
        await log.step(`Packer: ${stage}`, () => runPacker(play.packer, build, work));
      } catch (error) {
        if (play.keep && !signal.aborted) leaveMachine(machine, key, address);
        throw error;
      }
    });
  }

  async function leave(directory: string, play: Play): Promise<void> {
    const tree = `${play.work}/kept`;
    await copyTree(`${directory}/tree`, tree);
    await inMachine(tree, 'kept', play, async (...running) => leaveMachine(...running));
  }

  function leaveMachine(machine: Machine, key: SshKey, address: string): void {
    machine.leave();
    log.note(`the machine runs on until the next bake; enter it with\n${sshLine(key, address)}`);
  }

  /** Runs `use` with a machine of the tree; afterwards machine and network are gone, unless the machine was left. */
  async function inMachine(
    tree: string,
    name: string,
    play: Play,
    use: (machine: Machine, key: SshKey, address: string) => Promise<void>,
  ): Promise<void> {
    const small = `${play.work}/${name}-machine`;
    mkdirSync(small);
    const key = await makeSshKey(shell, small);
    const network = await openNetwork();
    let machine: Machine | undefined;
    try {
      const options = { tree, network, key, console: `${play.work}/serial.log`, work: small, signal };
      machine = await log.step('start the build machine', () => startMachine(options));
      await use(machine, key, network.machineAddress);
    } finally {
      if (machine?.isLeft() !== true) {
        await log.step('power off the build machine', async () => machine?.powerOff());
        await closeNetwork();
        await appendJournal(tree, `${play.work}/serial.log`);
      }
    }
  }

  /** The machine says nothing on its console; what it did is in the journal that it leaves in its tree. */
  async function appendJournal(tree: string, file: string): Promise<void> {
    const directory = `${tree}/var/log/journal`;
    if (!existsSync(directory)) return;
    const read = ['--no-pager', '--quiet', '--output=short-iso', `--directory=${directory}`];
    appendFileSync(file, (await $({ quiet: true, nothrow: true })`journalctl ${read}`).stdout);
  }

  return { name: 'container', bake, adapt, generalise, seal, leave };
}
