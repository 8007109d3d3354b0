import type { Pool } from 'pg';
import type { Logger } from '../observe/logger.ts';
import { ChannelWatch } from './channel-watch.ts';
import { type Connection, rows } from './connection.ts';
import { HeardVersions } from './heard-versions.ts';

const CHANNEL = 'litellm_key_changed';
/** What ends the announcements of one change. */
const VERSION = 'version:';

/**
 * Tells every gateway on this database what changed, heard when the transaction commits: keys by their hashes, and whom keys
 * act for by `team:ID`, `user:ID` and the like; then the number of the change. Returns all that was told: rotated keys that
 * still stand for one of these have changed with it. Changes wait here for each other, so it is the last step of a transaction.
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
  await rows(db, {
    text: `
      WITH counted AS (UPDATE key_changes SET version = version + 1 RETURNING version)
      SELECT pg_notify($1, $2 || version) FROM counted`,
    values: [CHANNEL, VERSION],
  });
  return told.map(({ subject }) => subject);
}

async function readVersion(db: Connection): Promise<number> {
  const [row] = await rows<{ version: number }>(db, { text: 'SELECT version FROM key_changes' });
  if (row === undefined) throw new Error('the table key_changes is empty: it must hold one row');
  return row.version;
}

export interface KeyChangeListener {
  /** A key was changed, or whom it acts for, here or in another gateway. Resolves when it is forgotten. */
  evict(subject: string): void | Promise<void>;
  /** Announcements have been missed: nothing cached can be trusted. */
  clear(): void;
  /** All that had changed at that time is known. */
  confirmed?(time: number): void;
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
    confirmed: (time) => {
      one.confirmed?.(time);
      other.confirmed?.(time);
    },
  };
}

export interface KeyWatchOptions {
  readonly logger: Pick<Logger, 'warn' | 'info'>;
  /** The listener's clock. */
  readonly now: () => number;
}

/**
 * Listens to key changes until it is closed. Every second, and when a broken connection is back, the number of changes is
 * read: where some were missed the listener forgets everything, and where none were nothing.
 */
export function watchKeyChanges(
  pool: Pool,
  listener: KeyChangeListener,
  { logger, now }: KeyWatchOptions,
): ChannelWatch {
  const versions = new HeardVersions();
  const evict = (subject: string): void => {
    Promise.resolve(listener.evict(subject)).catch((error) => {
      logger.warn({ err: error }, 'a change was heard, but what it changed could not be read');
    });
  };
  return ChannelWatch.start(pool, logger, {
    channel: CHANNEL,
    subject: 'key changes',
    heard: (payload) => {
      if (!payload.startsWith(VERSION)) evict(payload);
      else if (versions.announced(Number(payload.slice(VERSION.length)))) listener.clear();
    },
    check: async (db) => {
      const [time, asked] = [now(), versions.last];
      if (versions.read(await readVersion(db), asked)) listener.clear();
      listener.confirmed?.(time);
    },
  });
}
