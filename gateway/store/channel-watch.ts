import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type Pool } from 'pg';
import type { Logger } from '../observe/logger.ts';
import type { Connection } from './connection.ts';

const SECOND = 1000;
const RETRY_MIN_MS = SECOND / 4;
const RETRY_MAX_MS = 2 * SECOND;
const CHECK_MS = SECOND;
/** A server that has vanished without a word answers nothing; TCP would notice after minutes. */
const ANSWER_MS = 3 * SECOND;

/** Told once when the connection is lost, and once when it is back. */
type WatchLogger = Pick<Logger, 'warn' | 'info'>;

export interface Channel {
  readonly channel: string;
  /** What is announced there, for the log. */
  readonly subject: string;
  heard(payload: string): void;
  /** Announcements arrive from now on; some may have been missed. */
  begun?(): void;
  /**
   * Asked on the connection that listens, when announcements begin to arrive and every second from then on. One that fails
   * ends the connection.
   */
  check?(db: Connection): Promise<void>;
  /** Announcements do not arrive any more. */
  lost?(): void;
}

/**
 * Listens to one channel on a connection of its own until it is closed. A broken connection is opened again with
 * growing pauses.
 */
export class ChannelWatch implements AsyncDisposable {
  readonly #pool: Pool;
  readonly #channel: Channel;
  readonly #logger: WatchLogger;
  readonly #closing = new AbortController();
  #client: Client | undefined;
  #running: Promise<void>;
  #lost = false;

  private constructor(pool: Pool, logger: WatchLogger, channel: Channel) {
    this.#pool = pool;
    this.#channel = channel;
    this.#logger = logger;
    this.#running = Promise.resolve();
  }

  /** Starts listening; returns at once, also while the database is away. */
  static start(pool: Pool, logger: WatchLogger, channel: Channel): ChannelWatch {
    const watch = new ChannelWatch(pool, logger, channel);
    watch.#running = watch.#run();
    return watch;
  }

  async #run(): Promise<void> {
    let pauseMs = RETRY_MIN_MS;
    while (!this.#closing.signal.aborted) {
      const connected = await this.#listen();
      pauseMs = connected ? RETRY_MIN_MS : Math.min(pauseMs * 2, RETRY_MAX_MS);
      await sleep(pauseMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
    }
  }

  /** Listens on one connection until it ends; false when it could not be opened. */
  async #listen(): Promise<boolean> {
    const { options } = this.#pool;
    // The pool hides its password from whoever lists its options.
    const client = new Client({
      ...options,
      password: options.password,
      statement_timeout: 0,
      query_timeout: ANSWER_MS,
    });
    const over = new AbortController();
    const ended = new Promise<void>((resolve) => client.once('end', resolve));
    client.once('end', () => over.abort());
    // The 'end' event follows. The first is the reason, where the server gave one; others tell that the socket is gone.
    let broken: unknown;
    client.on('error', (error) => {
      broken ??= error;
    });
    client.on('notification', ({ payload }) => {
      if (payload !== undefined) this.#channel.heard(payload);
    });
    try {
      await client.connect();
      this.#client = client;
      await client.query(`LISTEN ${this.#channel.channel}`);
      await this.#channel.check?.(client);
    } catch (error) {
      this.#tellLoss(error);
      await client.end().catch(() => undefined);
      return false;
    }
    this.#channel.begun?.();
    this.#tellReturn();
    if (this.#closing.signal.aborted) await client.end();
    const failure = await this.#keepChecking(client, over.signal);
    await ended;
    broken ??= failure;
    this.#tellLoss(broken);
    return true;
  }

  /** Checks the connection until it is over, or a check fails: then the failure is returned and the connection ended. */
  async #keepChecking(client: Client, over: AbortSignal): Promise<unknown> {
    const { check } = this.#channel;
    if (check === undefined) return undefined;
    const signal = AbortSignal.any([over, this.#closing.signal]);
    for (;;) {
      await sleep(CHECK_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return undefined;
      try {
        await check(client);
      } catch (error) {
        await client.end().catch(() => undefined);
        return error;
      }
    }
  }

  #tellLoss(error: unknown): void {
    if (this.#lost || this.#closing.signal.aborted) return;
    this.#lost = true;
    const { subject } = this.#channel;
    this.#logger.warn({ err: error }, `${subject} are not heard: the connection that listens is lost`);
    this.#channel.lost?.();
  }

  #tellReturn(): void {
    if (!this.#lost) return;
    this.#lost = false;
    this.#logger.info(`${this.#channel.subject} are heard again`);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#client?.end().catch(() => undefined);
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
