import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { $ } from 'zx';
import type { RunProgram } from '../../appliance/index.ts';
import { until } from '../../packer/index.ts';
import { addresses, guestAddresses, Network } from '../harness/network.ts';
import type { Outcome, Target } from './target.ts';

const run = $({ quiet: true });
const program = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const WIRE = 'wire';
const METADATA_NEIGHBOUR = 'fe80::a9fe:a9fe';
const SETTLED_MS = 30_000;

/**
 * A machine's network without the machine: a namespace with one wire, whose far end has every address there is and
 * listens where it is told to. Its /etc is a layer over this machine's.
 */
export class Guest implements AsyncDisposable {
  readonly #outside: Network;
  readonly #namespace: string;
  readonly #layers = mkdtempSync(join(tmpdir(), 'guest-etc-'));
  readonly #listeners = new AsyncDisposableStack();

  private constructor(outside: Network) {
    this.#outside = outside;
    this.#namespace = `${outside.namespace}-guest`;
  }

  static async create(): Promise<Guest> {
    const guest = new Guest(await Network.create());
    try {
      await guest.#build();
    } catch (error) {
      await guest[Symbol.asyncDispose]();
      throw error;
    }
    return guest;
  }

  /** Opens listeners on the far end of the wire, or on the machine itself by user `uid`. */
  async listen(where: 'outside' | 'inside', targets: readonly Target[], uid = 0): Promise<void> {
    const listeners = [process.execPath, program('listeners.ts'), JSON.stringify(targets)];
    const [command = '', ...args] = [...this.#enter(where), ...asUser(uid), ...listeners];
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const gone = once(child, 'exit');
    this.#listeners.defer(async () => {
      child.stdin.end();
      await gone;
    });
    const died = gone.then(() => Promise.reject(new Error('the listeners ended')));
    died.catch(() => {});
    await Promise.race([once(child.stdout, 'data'), died]);
  }

  /** What a program of user `uid` on the machine gets when it tries the targets. */
  attempt(uid: number, targets: readonly Target[]): Promise<Outcome[]> {
    return attempts([...this.#enter('inside'), ...asUser(uid)], targets);
  }

  /** What somebody at the far end gets. */
  attemptFromOutside(targets: readonly Target[]): Promise<Outcome[]> {
    return attempts(this.#enter('outside'), targets);
  }

  /** Runs a program as root on the machine. */
  readonly run: RunProgram = async (name, args, options = {}) => {
    const layers = `lowerdir=/etc,upperdir=${this.#layers}/upper,workdir=${this.#layers}/work`;
    const covered = `mount -t overlay overlay -o ${layers} /etc && exec "$@"`;
    const command = ['netns', 'exec', this.#namespace, 'sh', '-c', covered, 'sh', name, ...args];
    const { exitCode, stdout, stderr } = await execa('ip', command, {
      reject: false,
      input: options.input ?? '',
      stdio: ['pipe', 'pipe', 'pipe', ...(options.sharedFile === undefined ? [] : [options.sharedFile as 3])],
    });
    return { exitCode: exitCode ?? -1, stdout: String(stdout), stderr: String(stderr) };
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listeners.disposeAsync();
    await run({ nothrow: true })`ip netns del ${this.#namespace}`;
    await this.#outside[Symbol.asyncDispose]();
    rmSync(this.#layers, { recursive: true });
  }

  #enter(where: 'outside' | 'inside'): string[] {
    return where === 'outside' ? this.#outside.command() : ['ip', 'netns', 'exec', this.#namespace];
  }

  async #build(): Promise<void> {
    const { router } = addresses;
    const here = guestAddresses(1);
    const out = ['-n', this.#outside.namespace];
    const guest = ['-n', this.#namespace];
    await run`mkdir ${this.#layers}/upper ${this.#layers}/work`;
    await run`ip netns add ${this.#namespace}`;
    await run`ip ${out} link add far type veth peer name ${WIRE} netns ${this.#namespace}`;
    await run`ip ${out} link set far master guests up`;
    await this.#outside.ownEveryAddress();
    await run`ip ${out} addr add ${METADATA_NEIGHBOUR}/64 dev guests nodad`;
    await run`ip ${guest} link set lo up`;
    await run`ip ${guest} addr add 127.0.0.53/32 dev lo`;
    await run`ip ${guest} addr add ${here.ipv4}/24 dev ${WIRE}`;
    await run`ip ${guest} addr add ${here.ipv6}/64 dev ${WIRE} nodad`;
    await run`ip ${guest} link set ${WIRE} up`;
    await run`ip ${guest} route add default via ${router.ipv4}`;
    await run`ip ${guest} -6 route add default via ${router.ipv6}`;
    // Each end first makes sure that nobody else has its link-local address, and says nothing from it until then.
    await until('both ends have their addresses', SETTLED_MS, async () => {
      for (const namespace of [out, guest]) {
        const { stdout } = await run`ip ${namespace} -6 addr show tentative`;
        if (stdout !== '') throw new Error(stdout);
      }
    });
  }
}

function asUser(uid: number): string[] {
  // The one capability lets a listener have a low port, as a service that systemd starts would.
  const port = ['--inh-caps=+net_bind_service', '--ambient-caps=+net_bind_service'];
  return ['setpriv', `--reuid=${uid}`, '--regid=65534', '--clear-groups', ...port, '--'];
}

async function attempts(enter: readonly string[], targets: readonly Target[]): Promise<Outcome[]> {
  const { stdout } =
    await run`${enter} ${process.execPath} ${program('attempts.ts')} ${JSON.stringify(targets)}`;
  return JSON.parse(stdout) as Outcome[];
}
