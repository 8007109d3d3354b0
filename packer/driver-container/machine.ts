import { spawn } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../failure.ts';
import { type SshKey, waitForSsh } from '../ssh.ts';
import { hostNameServers } from './name-servers.ts';
import type { Network } from './outside.ts';

/** Units that belong to a finished machine's life and must not touch a tree that is being baked. */
const MASKED = [
  'cloud-init-local.service',
  'cloud-init-main.service',
  'cloud-init-network.service',
  'cloud-init.service',
  'cloud-config.service',
  'cloud-final.service',
  'systemd-networkd.service',
  'systemd-networkd-wait-online.service',
  'unattended-upgrades.service',
  'apt-daily.timer',
  'apt-daily-upgrade.timer',
];

const POWER_OFF_MS = 60_000;

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

/** Starts the tree and waits until SSH answers. Nothing is written into the tree by this: key and name servers are bound over it. */
export async function startMachine(options: MachineOptions): Promise<Machine> {
  const { tree, network, key, work, signal } = options;
  const resolved = `${work}/resolved.conf`;
  writeFileSync(resolved, `[Resolve]\nDNS=${hostNameServers().join(' ')}\n`);
  const output = openSync(options.console, 'a');
  const child = spawn('systemd-nspawn', nspawnArguments(tree, network, key, resolved), {
    // A session of its own: Ctrl-C at the terminal reaches this program, which then ends the machine in order.
    detached: true,
    stdio: ['ignore', output, output],
    env: { ...process.env, SYSTEMD_NSPAWN_API_VFS_WRITABLE: 'network' },
  });
  closeSync(output);
  const ended = new Promise<void>((resolve) =>
    child.once('exit', () => resolve()).once('error', () => resolve()),
  );
  if (child.pid === undefined) throw new Failure('systemd-nspawn did not start', `see ${options.console}`);

  async function powerOff(): Promise<void> {
    // systemd-nspawn passes this on as the signal that halts the machine's own systemd.
    child.kill('SIGTERM');
    const late = await Promise.race([ended, sleep(POWER_OFF_MS, 'late', { ref: false })]);
    if (late !== 'late') return;
    child.kill('SIGKILL');
    await ended;
  }

  const died = ended.then(() => {
    throw new Failure('the build machine ended by itself', `read its console in ${options.console}`);
  });
  died.catch(() => {});
  try {
    await Promise.race([waitForSsh(network.machineAddress, 22, { timeoutMs: 60_000, signal }), died]);
  } catch (error) {
    await powerOff();
    throw error;
  }
  let left = false;
  const leave = () => {
    left = true;
    child.unref();
  };
  return { powerOff, leave, isLeft: () => left };
}

function nspawnArguments(tree: string, network: Network, key: SshKey, resolved: string): string[] {
  return [
    '--quiet',
    '--boot',
    `--directory=${tree}`,
    `--machine=${network.name}`,
    '--register=no',
    '--keep-unit',
    '--console=pipe',
    // With a namespace that was made outside, systemd-nspawn does not give this by itself, and ufw needs it.
    '--capability=CAP_NET_ADMIN',
    `--network-namespace-path=${network.namespacePath}`,
    '--resolv-conf=off',
    '--timezone=off',
    '--link-journal=no',
    '--tmpfs=/root/.ssh:mode=0700',
    `--bind-ro=${key.publicKeyFile}:/root/.ssh/authorized_keys`,
    `--bind-ro=${resolved}:/run/systemd/resolved.conf.d/bake.conf`,
    ...MASKED.map((unit) => `systemd.mask=${unit}`),
  ];
}
