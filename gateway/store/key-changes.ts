import type { Pool } from 'pg';
import type { Logger } from '../observe/logger.ts';
import { ChannelWatch } from './channel-watch.ts';
import { type Connection, rows } from './connection.ts';

const CHANNEL = 'litellm_key_changed';

/** Tells every gateway on this database that keys changed; heard when the transaction commits. */
export async function announceKeyChanges(db: Connection, hashes: readonly string[]): Promise<void> {
  await rows(db, {
    text: 'SELECT pg_notify($1, hash) FROM unnest($2::text[]) AS hash',
    values: [CHANNEL, hashes],
  });
}

export interface KeyChangeListener {
  /** A key was changed, here or in another gateway. */
  evict(hash: string): void;
  /** Announcements may have been missed: nothing cached can be trusted. */
  clear(): void;
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
    heard: (hash) => listener.evict(hash),
    begun: () => listener.clear(),
  });
}
