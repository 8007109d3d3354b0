import type { Pool } from 'pg';
import type { Logger } from '../observe/logger.ts';
import { ChannelWatch } from './channel-watch.ts';
import { type Connection, rows } from './connection.ts';

const CHANNEL = 'litellm_budgets';

export interface BudgetAnnouncements {
  /** Budgets of which somebody needs more than there is. */
  readonly wanted: readonly string[];
  /** Budgets of which there may be more than before. */
  readonly freed: readonly string[];
}

/** Tells every gateway on this database; heard when the transaction commits. */
export async function announceBudgets(db: Connection, { wanted, freed }: BudgetAnnouncements): Promise<void> {
  const payloads = [...wanted.map((scope) => `wanted ${scope}`), ...freed.map((scope) => `freed ${scope}`)];
  if (payloads.length === 0) return;
  await rows(db, {
    name: 'announce_budgets',
    text: 'SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload',
    values: [CHANNEL, payloads],
  });
}

export interface BudgetListener {
  wanted(scope: string): void;
  freed(scope: string): void;
  /** Whether announcements arrive from now on. */
  hears(hearing: boolean): void;
}

/** Listens to what is said about budgets until it is closed. */
export function watchBudgets(
  pool: Pool,
  listener: BudgetListener,
  logger: Pick<Logger, 'warn' | 'info'>,
): ChannelWatch {
  return ChannelWatch.start(pool, logger, {
    channel: CHANNEL,
    subject: 'budget changes',
    heard(payload) {
      const [verb, scope] = [payload.slice(0, payload.indexOf(' ')), payload.slice(payload.indexOf(' ') + 1)];
      if (verb === 'wanted') listener.wanted(scope);
      if (verb === 'freed') listener.freed(scope);
    },
    begun: () => listener.hears(true),
    // A connection that is gone without a word is found to be lost: until then a lowered budget would not be heard of.
    check: async (db) => {
      await rows(db, { text: 'SELECT 1' });
    },
    lost: () => listener.hears(false),
  });
}
