import { connect, type Socket } from 'node:net';
import { createInterface, type Interface } from 'node:readline';

interface Reply {
  readonly return?: unknown;
  readonly error?: { readonly desc: string };
}

/** QEMU's own control channel (QMP): one command at a time. */
export class Monitor implements Disposable {
  readonly #socket: Socket;
  readonly #lines: Interface;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#lines = createInterface({ input: socket });
  }

  static async open(path: string): Promise<Monitor> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject);
    });
    const monitor = new Monitor(socket);
    await monitor.command('qmp_capabilities');
    return monitor;
  }

  /** Sends a command and waits for its reply; greetings and events in between are passed over. */
  async command(execute: string, args: object = {}): Promise<unknown> {
    const reply = new Promise<Reply>((resolve, reject) => {
      const closed = (): void => reject(new Error(`QEMU closed its monitor during '${execute}'`));
      const read = (line: string): void => {
        const message = JSON.parse(line) as Reply;
        if (!('return' in message || 'error' in message)) return;
        this.#lines.off('line', read).off('close', closed);
        resolve(message);
      };
      this.#lines.on('line', read).once('close', closed);
    });
    this.#socket.write(`${JSON.stringify({ execute, arguments: args })}\n`);
    const { error, return: value } = await reply;
    if (error !== undefined) throw new Error(`QEMU refused '${execute}': ${error.desc}`);
    return value;
  }

  [Symbol.dispose](): void {
    this.#lines.close();
    this.#socket.destroy();
  }
}
