import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type Pool } from 'pg';
import type { Logger } from '../observe/logger.ts';
import { type Connection, rows } from './connection.ts';

const CHANNEL = 'litellm_key_changed';
const SECOND = 1000;
const RETRY_MIN_MS = SECOND / 4;
const RETRY_MAX_MS = 15 * SECOND;

/**
 * Tells every gateway on this database what changed, heard when the transaction commits: keys by their hashes, and whom keys
 * act for by `team:ID`, `user:ID` and the like. Returns all that was told: rotated keys that still stand for one of these
 * have changed with it.
 */
export async function announceKeyChanges(
  db: Connection,
  subjects: readonly string[],
): Promise<readonly string[]> {
  const told = await rows<{ subject: string }>(db, {
    text: `
      WITH changed AS (
        SELECT unnest($2::text[]) AS subject
        UNION SELECT token FROM "LiteLLM_DeprecatedVerificationToken" WHERE active_token_id = ANY ($2)
      )
      SELECT subject, pg_notify($1, subject) FROM changed`,
    values: [CHANNEL, subjects],
  });
  return told.map(({ subject }) => subject);
}

/** Told once when the connection is lost, and once when it is back. */
type WatchLogger = Pick<Logger, 'warn' | 'info'>;

export interface KeyChangeListener {
  /** A key was changed, or whom it acts for, here or in another gateway. Resolves when it is forgotten. */
  evict(subject: string): void | Promise<void>;
  /** Announcements may have been missed: nothing cached can be trusted. */
  clear(): void;
}

/** Two listeners as one. */
export function bothHear(one: KeyChangeListener, other: KeyChangeListener): KeyChangeListener {
  return {
    evict: async (subject) => {
      await Promise.all([one.evict(subject), other.evict(subject)]);
    },
    clear: () => {
      one.clear();
      other.clear();
    },
  };
}

/**
 * Listens to key changes on a connection of its own until it is closed. A broken connection is opened again with
 * growing pauses; announcements were lost meanwhile, so the listener forgets everything once it is back. Until then
 * cached keys go on for at most their time: a database that is away stops nobody at once.
 */
export class KeyChangeWatch implements AsyncDisposable {
  readonly #pool: Pool;
  readonly #listener: KeyChangeListener;
  readonly #logger: WatchLogger;
  readonly #closing = new AbortController();
  #client: Client | undefined;
  #running: Promise<void>;
  #lost = false;

  private constructor(pool: Pool, listener: KeyChangeListener, logger: WatchLogger) {
    this.#pool = pool;
    this.#listener = listener;
    this.#logger = logger;
    this.#running = Promise.resolve();
  }

  /** Starts listening; returns at once, also while the database is away. */
  static start(pool: Pool, listener: KeyChangeListener, logger: WatchLogger): KeyChangeWatch {
    const watch = new KeyChangeWatch(pool, listener, logger);
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
    const client = new Client({ ...options, password: options.password, statement_timeout: 0 });
    const ended = new Promise<void>((resolve) => client.once('end', resolve));
    // The 'end' event follows. The first is the reason, where the server gave one; others tell that the socket is gone.
    let broken: unknown;
    client.on('error', (error) => {
      broken ??= error;
    });
    client.on('notification', ({ payload }) => {
      if (payload !== undefined) this.#heard(payload);
    });
    try {
      await client.connect();
      this.#client = client;
      await client.query(`LISTEN ${CHANNEL}`);
    } catch (error) {
      this.#tellLoss(error);
      await client.end().catch(() => undefined);
      return false;
    }
    this.#listener.clear();
    this.#tellReturn();
    if (this.#closing.signal.aborted) await client.end();
    await ended;
    this.#tellLoss(broken);
    return true;
  }

  #heard(subject: string): void {
    Promise.resolve(this.#listener.evict(subject)).catch((error) => {
      this.#logger.warn({ err: error }, 'a change was heard, but what it changed could not be read');
    });
  }

  #tellLoss(error: unknown): void {
    if (this.#lost || this.#closing.signal.aborted) return;
    this.#lost = true;
    this.#logger.warn({ err: error }, 'key changes are not heard: the connection that listens is lost');
  }

  #tellReturn(): void {
    if (!this.#lost) return;
    this.#lost = false;
    this.#logger.info('key changes are heard again');
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
