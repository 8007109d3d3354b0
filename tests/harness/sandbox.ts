import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { $ } from 'zx';
import { until } from '../../packer/index.ts';
import { type Answer, converse } from './dialogue.ts';
import { addresses, Network } from './network.ts';

const SECOND = 1000;

/** Directories that programs in the sandbox may change without this machine seeing it. */
const COVERED = ['/etc', '/var', '/usr/share', '/usr/local/share', '/root'] as const;
const SCRATCH = '/run/sandbox';

export interface SpawnOptions {
  readonly env?: NodeJS.ProcessEnv;
}

export interface AttemptOptions extends SpawnOptions {
  /** Fed to standard input, which else is empty. */
  readonly input?: string;
}

interface Held {
  readonly holder: ChildProcess;
  readonly init: number;
}

/** How a program ended, and what it printed. */
export interface Attempt {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * This machine's programs on a network, a process table and system directories of the test's own: real ports and real
 * paths, and nothing of it is left when the sandbox is disposed of or the test's process dies.
 */
export class Sandbox implements AsyncDisposable {
  readonly network: Network;
  readonly #holder: ChildProcess;
  readonly #init: number;
  readonly #cleanUp: AsyncDisposableStack;

  private constructor(network: Network, held: Held, cleanUp: AsyncDisposableStack) {
    this.network = network;
    this.#holder = held.holder;
    this.#init = held.init;
    this.#cleanUp = cleanUp;
  }

  static async create(): Promise<Sandbox> {
    await using cleanUp = new AsyncDisposableStack();
    const network = cleanUp.use(await Network.create());
    return Sandbox.#on(network, cleanUp.move());
  }

  /** A sandbox on a network that others use too, and that is left to them. */
  static on(network: Network): Promise<Sandbox> {
    return Sandbox.#on(network, new AsyncDisposableStack());
  }

  static async #on(network: Network, cleanUp: AsyncDisposableStack): Promise<Sandbox> {
    await using failed = cleanUp;
    const sandbox = new Sandbox(network, await hold(network), failed.move());
    try {
      await sandbox.#cover();
      return sandbox;
    } catch (error) {
      await sandbox[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Where a path of the sandbox is found from outside it. */
  path(inside: string): string {
    return `/proc/${this.#init}/root${inside}`;
  }

  /** A command line that runs its program inside the sandbox. */
  command(...program: string[]): string[] {
    return ['nsenter', '--target', String(this.#init), '--mount', '--net', '--pid', '--', ...program];
  }

  /** Runs a program to its end, whatever comes of it. */
  async attempt(program: readonly string[], { env, input = '' }: AttemptOptions = {}): Promise<Attempt> {
    const settings = { quiet: true, nothrow: true, env: { ...process.env, ...env }, input };
    const { exitCode, stdout, stderr } = await $(settings)`${this.command(...program)}`;
    return { exitCode, stdout, stderr };
  }

  /** Runs a program to its end and returns what it printed; throws with its output when it fails. */
  async run(program: readonly string[], options: SpawnOptions = {}): Promise<string> {
    const { exitCode, stdout, stderr } = await this.attempt(program, options);
    if (exitCode !== 0) throw new Error(`${program.join(' ')}: exit code ${exitCode}\n${stdout}${stderr}`);
    return `${stdout}${stderr}`;
  }

  /** Runs a command line at a terminal and answers its questions; returns all that it printed. */
  async atTerminal(commandLine: string, answers: readonly Answer[]): Promise<string> {
    const [command = '', ...args] = this.command('script', '-qefc', commandLine, '/dev/null');
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    const printed = await converse({ output: child.stdout, input: child.stdin }, answers);
    const [exitCode] = await ended;
    if (exitCode !== 0) throw new Error(`${commandLine}: exit code ${exitCode}\n${printed}`);
    return printed;
  }

  /** Starts a program that ends with the sandbox at the latest. */
  start(program: readonly string[], options: SpawnOptions = {}): SandboxProcess {
    const [command = '', ...args] = this.command(...program);
    return new SandboxProcess(
      spawn(command, args, { env: { ...process.env, ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] }),
    );
  }

  /** A TCP connection to a port of the sandbox, made by an outside client. */
  connect(port: number, family: 'ipv4' | 'ipv6' = 'ipv4', from?: string): Promise<Socket> {
    return this.network.connect(addresses.router[family], port, undefined, from);
  }

  /** A listening handle in the sandbox, served by the test's own process. */
  listen(host: string, port: number): Promise<Server> {
    return this.network.listen(host, port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#holder, 'exit');
    this.#holder.stdin?.end();
    await gone;
    await this.#cleanUp.disposeAsync();
  }

  async #cover(): Promise<void> {
    await this.run(['mount', '-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', '/run']);
    for (const directory of COVERED) {
      const [upper, work] = ['upper', 'work'].map((kind) => `${SCRATCH}${directory}/${kind}`) as [
        string,
        string,
      ];
      await this.run(['mkdir', '-p', upper, work]);
      const layers = `lowerdir=${directory},upperdir=${upper},workdir=${work}`;
      await this.run(['mount', '-t', 'overlay', '-o', layers, 'overlay', directory]);
    }
  }
}

/** A program that runs in a sandbox, and all that it has printed so far. */
export class SandboxProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #output = '';

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, 'exit');
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    }
  }

  get output(): string {
    return this.#output;
  }

  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  /** Signals the program itself, not the nsenter before it, which passes no signal on. */
  signal(name: NodeJS.Signals): void {
    process.kill(onlyChild(this.#child.pid), name);
  }

  /** Resolves to the exit code when the program has ended. */
  async ended(): Promise<number | null> {
    await this.#ended;
    return this.#child.exitCode;
  }
}

function onlyChild(parent: number | undefined): number {
  const [child] = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').split(' ');
  if (child === undefined || child === '') throw new Error(`process ${parent} has no child`);
  return Number(child);
}

/** Keeps the namespaces open: `cat` is their init, it ends when our end of the pipe closes, and all others with it. */
async function hold(network: Network): Promise<Held> {
  const unshare = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const [command = '', ...args] = network.command(...unshare, '--propagation', 'private', 'cat');
  const holder = spawn(command, args, { stdio: ['pipe', 'ignore', 'inherit'] });
  const init = await until('the sandbox', 10 * SECOND, async () => {
    const pid = onlyChild(holder.pid);
    if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('cat')) throw new Error('not set up yet');
    return pid;
  });
  return { holder, init };
}
