import type { Pool } from 'pg';
import type { Logger } from '../observe/logger.ts';
import { ChannelWatch } from './channel-watch.ts';
import { type Connection, rows } from './connection.ts';

const CHANNEL = 'litellm_key_changed';

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
 * Listens to key changes until it is closed. Announcements that a broken connection has missed make the listener forget
 * everything once it is back. Until then cached keys go on for at most their time: a database that is away stops nobody
 * at once.
 */
export function watchKeyChanges(
  pool: Pool,
  listener: KeyChangeListener,
  logger: Pick<Logger, 'warn' | 'info'>,
): ChannelWatch {
  return ChannelWatch.start(pool, logger, {
    channel: CHANNEL,
    subject: 'key changes',
    heard: (subject) => {
      Promise.resolve(listener.evict(subject)).catch((error) => {
        logger.warn({ err: error }, 'a change was heard, but what it changed could not be read');
      });
    },
    begun: () => listener.clear(),
  });
}
