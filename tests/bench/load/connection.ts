import { connect, type Socket } from 'node:net';
import { AnswerReader } from './answer-reader.ts';

/** Who is told about an answer; exactly one of `ended` and `failed` is called, once. */
export interface Listener {
  received?(body: Buffer): void;
  ended(status: number): void;
  failed(reason: string): void;
}

/** One keep-alive connection, carrying one exchange at a time; thin, so that it costs little beside what it measures. */
export class Connection {
  readonly #socket: Socket;
  #reader = new AnswerReader();
  #listener: Listener | undefined;

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (bytes) => this.#read(bytes));
    this.#socket.on('error', (error) => this.#fail(error.message));
    this.#socket.on('close', () => this.#fail('the server closed the connection'));
  }

  /** False once the server has closed it. */
  get usable(): boolean {
    return !this.#socket.destroyed && !this.#socket.readableEnded;
  }

  send(request: Buffer, listener: Listener): void {
    this.#reader = new AnswerReader();
    this.#listener = listener;
    this.#socket.write(request);
  }

  /** Closes it; an exchange under way is forgotten and its listener not called. */
  close(): void {
    this.#listener = undefined;
    this.#socket.destroy();
  }

  #read(bytes: Buffer): void {
    const listener = this.#listener;
    if (listener === undefined) return;
    const body = this.#reader.push(bytes);
    if (body.length > 0) listener.received?.(body);
    if (!this.#reader.ended) return;
    this.#listener = undefined;
    listener.ended(this.#reader.status);
  }

  #fail(reason: string): void {
    const listener = this.#listener;
    this.#listener = undefined;
    this.#socket.destroy();
    listener?.failed(reason);
  }
}
