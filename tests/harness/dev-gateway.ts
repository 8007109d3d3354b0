import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../gateway.ts', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));

export interface DevGatewayOptions {
  readonly port: number;
  readonly data: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What a person types, in the repository; the program that it starts when absent. */
  readonly command?: string;
}

/** `make gateway` as a person starts it, and what it printed. */
export class DevGateway {
  readonly #child: ChildProcess;
  #output = '';

  constructor({ port, data, env, command }: DevGatewayOptions) {
    const [program = '', ...args] = command?.split(' ') ?? [process.execPath, script];
    this.#child = spawn(program, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      // A terminal tells all that it started of Ctrl-C.
      detached: true,
      env: { ...process.env, PORT: String(port), DATA: data, ...env },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    }
  }

  /** Everything printed so far. */
  get output(): string {
    return this.#output;
  }

  /** The value printed on the line of that name. */
  shown(name: string): string {
    return new RegExp(`^ +${name} +(\\S+)`, 'm').exec(this.#output)?.[1] ?? '';
  }

  /** Waits until everything has been printed that a person needs. */
  async ready(): Promise<this> {
    while (!this.#output.includes('Ctrl-C stops it')) {
      const [first] = await Promise.race([
        once(this.#child, 'exit').then(() => ['ended']),
        once(this.#child.stdout ?? this.#child, 'data'),
      ]);
      if (first === 'ended') throw new Error(`make gateway ended:\n${this.#output}`);
    }
    return this;
  }

  /** Ends it as Ctrl-C does and returns its exit code. */
  async stop(): Promise<number | null> {
    const { pid } = this.#child;
    if (pid !== undefined && this.#child.exitCode === null) process.kill(-pid, 'SIGINT');
    return this.exitCode();
  }

  async exitCode(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
    return this.#child.exitCode;
  }
}
