import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { until } from '../../packer/index.ts';
import type { Network } from './network.ts';
import { type Packet, readCapture } from './packets.ts';

const SECOND = 1000;
/** Enough of each frame for its addresses and ports; what is said is of no interest. */
const BYTES_OF_EACH = 160;

/** Everything that passes the bridge of a network, from here on. */
export class Capture implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #file: string;
  #said = '';

  private constructor(child: ChildProcess, file: string) {
    this.#child = child;
    this.#file = file;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text;
    });
  }

  /** Begins; resolves when nothing can pass unseen any more. */
  static async start(network: Network, file: string): Promise<Capture> {
    const options = ['-n', '-U', '--immediate-mode', '-s', `${BYTES_OF_EACH}`, '-B', '8192', '-w', '-'];
    const [command = '', ...args] = network.command('tcpdump', '-i', network.bridge, ...options);
    const out = openSync(file, 'w', 0o600);
    const capture = new Capture(spawn(command, args, { stdio: ['ignore', out, 'pipe'] }), file);
    closeSync(out);
    try {
      await capture.#hears(/listening on/);
    } catch (error) {
      await capture[Symbol.asyncDispose]();
      throw error;
    }
    return capture;
  }

  /** What has passed so far. Throws when something was lost: then nobody knows what it was. */
  async packets(): Promise<readonly Packet[]> {
    const before = this.#said.length;
    this.#child.kill('SIGUSR1');
    const counts = await this.#hears(/(\d+) packets? captured.*?(\d+) packets? dropped by kernel/s, before);
    const [, captured, dropped] = counts;
    if (dropped !== '0') throw new Error(`the capture lost ${dropped} packets`);
    return until('the capture is on the disk', 10 * SECOND, async () => {
      const packets = readCapture(readFileSync(this.#file));
      if (packets.length < Number(captured)) throw new Error(`${packets.length} of ${captured} packets`);
      return packets;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  #hears(words: RegExp, from = 0): Promise<RegExpExecArray> {
    return until(`tcpdump says ${words.source}`, 10 * SECOND, async () => {
      const heard = words.exec(this.#said.slice(from));
      if (heard === null) throw new Error(this.#said.trim() || 'nothing yet');
      return heard;
    });
  }
}
