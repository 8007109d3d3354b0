import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { $, type ProcessOutput } from 'zx';
import { Failure } from '../failure.ts';
import { nspawnsOf } from '../processes.ts';
import { bootTree, type Nspawn, networkOf } from './nspawn.ts';

export interface IsolatedOptions {
  /** Nothing is written into it: what the machine writes goes to a layer that is thrown away. */
  readonly tree: string;
  /** Name of the machine, at most 60 letters, digits and dashes; one that still runs under it is ended first. */
  readonly name: string;
  /**
   * Where the layer, which is kept in memory, is mounted, emptied first and removed at the end; the console stays beside it,
   * in `<directory>.log`.
   */
  readonly directory: string;
  /** Directories of the build host that the machine sees, without writing into them, by their place in it. */
  readonly shown: Readonly<Record<string, string>>;
  /** Path of the network namespace that is its network, with addresses given; nothing but its own loopback when absent. */
  readonly network?: string;
  readonly signal: AbortSignal;
}

/** What a command did. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A root tree that runs as a machine which reaches nothing of the build host. */
export interface IsolatedMachine {
  /** Runs a shell command line as root. */
  run(command: string, input?: string): Promise<Outcome>;
  /** Ends the machine and throws away what it wrote. */
  end(): Promise<void>;
}

/**
 * What a machine may write. Its disk is this and not the build host's, however full that is: the appliance finds a problem
 * in a disk of which less than a tenth is free.
 */
const LAYER_SIZE = '4G';
const READY_MS = 60_000;
const SETTLED_MS = 180_000;
const TRY_AGAIN_MS = 250;

/** Starts a machine on a layer over the tree, and waits until it has no start job left. */
export async function startIsolated(options: IsolatedOptions): Promise<IsolatedMachine> {
  const { tree, name, directory, network, signal } = options;
  const merged = `${directory}/tree`;
  const console = `${directory}.log`;
  await dropIsolated(name, directory);
  rmSync(console, { force: true });
  mkdirSync(directory, { recursive: true });
  await $({ quiet: true })`mount -t tmpfs -o size=${LAYER_SIZE},mode=0755 tmpfs ${directory}`;
  for (const part of ['upper', 'scratch', 'tree']) mkdirSync(`${directory}/${part}`);
  const layers = `lowerdir=${tree},upperdir=${directory}/upper,workdir=${directory}/scratch`;
  await $({ quiet: true })`mount -t overlay overlay -o ${layers} ${merged}`;

  const shown = Object.entries(options.shown).map(([inside, outside]) => `--bind-ro=${outside}:${inside}`);
  const wire = network === undefined ? ['--private-network'] : networkOf(network);
  const machine = bootTree(merged, name, console, [...wire, ...shown]);
  const run = (command: string, input = '') => runInside(machine, command, input, signal);
  const end = async (): Promise<void> => {
    await machine.powerOff();
    await dropIsolated(name, directory);
  };
  try {
    await Promise.race([settled(run, console, signal), machine.died]);
  } catch (error) {
    await end();
    throw error;
  }
  return { run, end };
}

/** Ends the machine and its layer, of this run or an earlier one that was killed. */
async function dropIsolated(name: string, directory: string): Promise<void> {
  for (const pid of nspawnsOf(name)) process.kill(pid, 'SIGKILL');
  while (nspawnsOf(name).length > 0) await sleep(TRY_AGAIN_MS);
  const mounts = readFileSync('/proc/self/mounts', 'utf8');
  for (const mounted of [`${directory}/tree`, directory]) {
    if (mounts.includes(` ${mounted} `)) await $({ quiet: true })`umount ${mounted}`;
  }
  rmSync(directory, { recursive: true, force: true });
}

async function settled(run: IsolatedMachine['run'], console: string, signal: AbortSignal): Promise<void> {
  const started = performance.now();
  const elapsed = () => performance.now() - started;
  const ready = async () => (await run('systemctl list-jobs --no-legend')).code === 0;
  while (!(await ready())) {
    signal.throwIfAborted();
    if (elapsed() > READY_MS)
      throw new Failure('the machine does not answer', `read its console in ${console}`);
    await sleep(TRY_AGAIN_MS);
  }
  for (;;) {
    signal.throwIfAborted();
    const { stdout } = await run('systemctl list-jobs --no-legend');
    if (stdout.trim() === '') return;
    if (elapsed() > SETTLED_MS) {
      throw new Failure(`the machine does not come to rest:\n${stdout}`, 'see what these units wait for');
    }
    await sleep(TRY_AGAIN_MS);
  }
}

async function runInside(
  machine: Nspawn,
  command: string,
  input: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const leader = leaderOf(machine.pid);
  if (leader === undefined) return { code: null, stdout: '', stderr: 'the machine has no process yet' };
  const environment = [
    'HOME=/root',
    'LC_ALL=C.UTF-8',
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  ];
  const inside = ['-t', String(leader), '-a', 'env', '-i', ...environment, 'bash', '-c', command];
  const output: ProcessOutput = await $({ quiet: true, nothrow: true, input, signal })`nsenter ${inside}`;
  return { code: output.exitCode, stdout: output.stdout, stderr: output.stderr };
}

/** The machine's own first process. */
function leaderOf(pid: number): number | undefined {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return children === '' ? undefined : Number(children.split(' ')[0]);
  } catch {
    return undefined;
  }
}
