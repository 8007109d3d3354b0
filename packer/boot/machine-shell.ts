import type { Socket } from 'node:net';
import { join } from 'node:path';
import { NodeSSH } from 'node-ssh';
import { $, quote } from 'zx';
import { until } from './until.ts';
import type { Wire } from './wire.ts';

const SECOND = 1000;
const HANDSHAKE_MS = 30 * SECOND;

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

/** The seed's user on the machine, by SSH with the key. Commands run as root, through sudo, as an operator would. */
export class Shell {
  readonly #wire: Wire;
  readonly #userName: string;
  readonly #key: KeyPair;
  #session: NodeSSH | undefined;
  #socket: Socket | undefined;

  constructor(wire: Wire, userName: string, key: KeyPair) {
    this.#wire = wire;
    this.#userName = userName;
    this.#key = key;
  }

  /** One try to log in; sshd resets the first connections of a first boot, so callers repeat it. */
  async open(): Promise<void> {
    this.close();
    const sock = await this.#wire.connect(22);
    const session = new NodeSSH();
    try {
      await session.connect({
        sock,
        username: this.#userName,
        privateKeyPath: this.#key.privateKeyFile,
        readyTimeout: HANDSHAKE_MS,
      });
    } catch (error) {
      sock.destroy();
      throw error;
    }
    // A machine that lost its power answers late packets of old connections with a reset.
    session.connection?.on('error', () => sock.destroy());
    this.#session = session;
    this.#socket = sock;
  }

  /** Runs a shell command line as root; `input` goes to its standard input, which is where secrets belong. */
  async run(command: string, input: string, deadlineMs: number): Promise<Outcome> {
    if (!this.#session?.isConnected()) await until('SSH login', 2 * HANDSHAKE_MS, () => this.open());
    const session = this.#session;
    if (session === undefined) throw new Error('no SSH session');
    const giveUp = setTimeout(() => this.close(), deadlineMs);
    try {
      return await session.execCommand(`sudo -n bash -c ${quote(command)}`, { stdin: input, noTrim: true });
    } catch (cause) {
      throw new Error(`SSH broke off during: ${command}`, { cause });
    } finally {
      clearTimeout(giveUp);
    }
  }

  close(): void {
    this.#session?.dispose();
    this.#socket?.destroy();
    this.#session = undefined;
  }
}
