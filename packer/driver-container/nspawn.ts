import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../failure.ts';

/** Units that belong to a finished machine's life and must not touch a tree that is being baked or judged. */
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

/** A systemd-nspawn process that runs a root tree as a machine. */
export interface Nspawn {
  readonly pid: number;
  /** Rejects when the machine ends without having been asked to. */
  readonly died: Promise<never>;
  /** Ends it in order, so that everything is written; kills it when it does not end. */
  powerOff(): Promise<void>;
  /** Lets it run on when this program ends. */
  leave(): void;
}

/** Starts the tree as the machine `name`; `options` are further ones of systemd-nspawn. Its console goes to a file. */
export function bootTree(tree: string, name: string, console: string, options: readonly string[]): Nspawn {
  const output = openSync(console, 'a');
  const child = spawn('systemd-nspawn', [...commonArguments(tree, name), ...options, ...masks()], {
    // A session of its own: Ctrl-C at the terminal reaches this program, which then ends the machine in order.
    detached: true,
    stdio: ['ignore', output, output],
    env: { ...process.env, SYSTEMD_NSPAWN_API_VFS_WRITABLE: 'network' },
  });
  closeSync(output);
  const ended = new Promise<void>((resolve) =>
    child.once('exit', () => resolve()).once('error', () => resolve()),
  );
  const { pid } = child;
  if (pid === undefined) throw new Failure('systemd-nspawn did not start', `see ${console}`);

  async function powerOff(): Promise<void> {
    // systemd-nspawn passes this on as the signal that halts the machine's own systemd.
    child.kill('SIGTERM');
    const late = await Promise.race([ended, sleep(POWER_OFF_MS, 'late', { ref: false })]);
    if (late !== 'late') return;
    child.kill('SIGKILL');
    await ended;
  }

  const died = ended.then(() => {
    throw new Failure('the machine ended by itself', `read its console in ${console}`);
  });
  died.catch(() => {});
  return { pid, died, powerOff, leave: () => child.unref() };
}

/** Options of a machine whose network is a namespace that was made outside; ufw needs the right, which it then has not by itself. */
export function networkOf(namespacePath: string): string[] {
  return [`--network-namespace-path=${namespacePath}`, '--capability=CAP_NET_ADMIN'];
}

function commonArguments(tree: string, name: string): string[] {
  return [
    '--quiet',
    '--boot',
    `--directory=${tree}`,
    `--machine=${name}`,
    '--register=no',
    '--keep-unit',
    '--console=pipe',
    '--resolv-conf=off',
    '--timezone=off',
    '--link-journal=no',
  ];
}

function masks(): string[] {
  return MASKED.map((unit) => `systemd.mask=${unit}`);
}
