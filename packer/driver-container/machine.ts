import { writeFileSync } from 'node:fs';
import { ROOT_MAY_BUILD, type SshKey, waitForSsh } from '../ssh.ts';
import { hostNameServers } from './name-servers.ts';
import { bootTree, networkOf } from './nspawn.ts';
import type { Network } from './outside.ts';

/** A root tree that runs as a systemd machine. */
export interface Machine {
  /** Ends it in order, so that everything is written; kills it when it does not end. */
  powerOff(): Promise<void>;
  /** Lets it run on when this program ends. */
  leave(): void;
  isLeft(): boolean;
}

export interface MachineOptions {
  readonly tree: string;
  readonly network: Network;
  readonly key: SshKey;
  /** File that receives the machine's console. */
  readonly console: string;
  /** Directory for the small files that are shown to the machine. */
  readonly work: string;
  readonly signal: AbortSignal;
}

/** Starts the tree and waits until SSH answers. Nothing is written into the tree by this: key and settings are bound over it. */
export async function startMachine(options: MachineOptions): Promise<Machine> {
  const { tree, network, key, work, signal } = options;
  const resolved = `${work}/resolved.conf`;
  writeFileSync(resolved, `[Resolve]\nDNS=${hostNameServers().join(' ')}\n`);
  const sshService = `${work}/ssh.conf`;
  writeFileSync(sshService, ROOT_MAY_BUILD.content);
  const machine = bootTree(tree, network.name, options.console, [
    ...networkOf(network.namespacePath),
    '--tmpfs=/root/.ssh:mode=0700',
    `--bind-ro=${key.publicKeyFile}:/root/.ssh/authorized_keys`,
    `--bind-ro=${resolved}:/run/systemd/resolved.conf.d/bake.conf`,
    `--bind-ro=${sshService}:${ROOT_MAY_BUILD.path}`,
  ]);
  try {
    const ssh = waitForSsh(network.machineAddress, 22, { timeoutMs: 60_000, signal });
    await Promise.race([ssh, machine.died]);
  } catch (error) {
    await machine.powerOff();
    throw error;
  }
  let left = false;
  const leave = () => {
    left = true;
    machine.leave();
  };
  return { powerOff: machine.powerOff, leave, isLeft: () => left };
}
