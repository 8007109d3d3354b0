import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { NodeSSH } from 'node-ssh';
import { $, quote } from 'zx';
import { until } from './until.ts';
import type { Wire } from './wire.ts';

const SECOND = 1000;
const HANDSHAKE_MS = 60 * SECOND;

/** A key pair made for one run. */
export interface KeyPair {
  readonly privateKeyFile: string;
  readonly publicKey: string;
}

export async function makeKeyPair(directory: string): Promise<KeyPair> {
  const privateKeyFile = join(directory, 'ssh-key');
  await $({ quiet: true })`ssh-keygen -q -t ed25519 -N ${''} -C ${'appliance-test'} -f ${privateKeyFile}`;
  const publicKey = (await $({ quiet: true })`ssh-keygen -y -f ${privateKeyFile}`).stdout.trim();
  return { privateKeyFile, publicKey };
}

/** What a command did in the machine. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A letter of each byte: node-ssh decodes each piece of an output alone, and a letter of UTF-8 may lie in two of them. */
const BYTES = 'latin1';
const decoded = (bytes: string): string => Buffer.from(bytes, BYTES).toString('utf8');

interface Session {
  readonly ssh: NodeSSH;
  readonly socket: Socket;
  /** Ends of the commands under way: ssh2 forgets them when we end the session. */
  readonly underWay: Set<(why: Error) => void>;
}

/** The seed's user on the machine, by SSH with the key. Commands run as root, through sudo, as an operator would. */
export class Shell {
  readonly #wire: Wire;
  readonly #userName: string;
  readonly #key: KeyPair;
  readonly #assertRunning: () => void;
  #session: Session | undefined;

  /** `assertRunning` throws Hopeless when there is no machine to log in to. */
  constructor(wire: Wire, userName: string, key: KeyPair, assertRunning: () => void) {
    this.#wire = wire;
    this.#userName = userName;
    this.#key = key;
    this.#assertRunning = assertRunning;
  }

  /** One try to log in; sshd resets the first connections of a first boot, so callers repeat it. */
  async open(): Promise<void> {
    this.close();
    const socket = await this.#wire.connect(22);
    const ssh = new NodeSSH();
    try {
      await ssh.connect({
        sock: socket,
        username: this.#userName,
        // Not by its path: while node-ssh read it, nobody would hear that the connection is lost.
        privateKey: readFileSync(this.#key.privateKeyFile, 'utf8'),
        readyTimeout: HANDSHAKE_MS,
      });
    } catch (error) {
      socket.destroy();
      throw error;
    }
    // A machine that lost its power answers late packets of old connections with a reset.
    ssh.connection?.on('error', () => socket.destroy());
    this.#session = { ssh, socket, underWay: new Set() };
  }

  /**
   * Runs a shell command line as root; `input` goes to its standard input, which is where secrets belong. A command that
   * lasts too long, or whose session is closed, fails; in the machine it may go on.
   */
  async run(command: string, input: string, deadlineMs: number): Promise<Outcome> {
    if (!this.#session?.ssh.isConnected()) {
      await until('SSH login', 2 * HANDSHAKE_MS, async () => {
        this.#assertRunning();
        await this.open();
      });
    }
    const session = this.#session;
    if (session === undefined) throw new Error('no SSH session');
    const giveUp = setTimeout(() => this.#end(`it was not done within ${deadlineMs / SECOND} s`), deadlineMs);
    const { promise: cutOff, reject } = Promise.withResolvers<never>();
    session.underWay.add(reject);
    try {
      const line = `sudo -n bash -c ${quote(command)}`;
      const done = session.ssh.execCommand(line, { stdin: input, noTrim: true, encoding: BYTES });
      const { code, stdout, stderr } = await Promise.race([done, cutOff]);
      return { code, stdout: decoded(stdout), stderr: decoded(stderr) };
    } catch (cause) {
      throw new Error(`SSH broke off during: ${command}: ${(cause as Error).message}`, { cause });
    } finally {
      clearTimeout(giveUp);
      session.underWay.delete(reject);
    }
  }

  close(): void {
    this.#end('the session was closed');
  }

  #end(why: string): void {
    const session = this.#session;
    this.#session = undefined;
    session?.ssh.dispose();
    session?.socket.destroy();
    for (const reject of session?.underWay ?? []) reject(new Error(why));
  }
}
