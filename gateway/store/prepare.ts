import { nextReset } from '../admission/budget-period.ts';
import type { Retention } from '../config/retention.ts';
import { asOwner } from './as-owner.ts';
import { deleteOldAudit } from './audit-retention.ts';
import { grantRuntime } from './grants.ts';
import { applyMigrations } from './migrator.ts';
import { ensurePartitions } from './partitions.ts';
import { type Dropped, dropOldDays, forgetOldIds } from './retention.ts';
import { type TakenOver, takeOver } from './take-over.ts';

export interface PrepareOptions {
  /** Role that the gateway signs in with. */
  readonly runtimeRole: string;
  readonly now?: () => number;
}

/** What a run has changed; empty lists when everything was in place. */
export interface Prepared {
  readonly migrations: readonly string[];
  readonly partitions: readonly string[];
  /** Only where the database was LiteLLM's. */
  readonly takenOver?: TakenOver;
}

/**
 * Brings a database to this program's schema, also one that LiteLLM has made, makes the partitions of the coming days and
 * grants the runtime role its rights. Safe to run at any time and any number of times at once. Throws SchemaError when the
 * database does not fit.
 */
export function prepareDatabase(
  ownerUrl: string,
  { runtimeRole, now = Date.now }: PrepareOptions,
): Promise<Prepared> {
  return asOwner(ownerUrl, async (client) => {
    // Every budget that is opened here has a time of its own: the zone of the others is the gateway's to know.
    const rules = {
      now: now(),
      nextReset: (duration: string, at: number) => nextReset(duration, at, 'UTC'),
      endUserDefault: null,
    };
    const takenOver = await takeOver(client, rules);
    const applied = await applyMigrations(client);
    await grantRuntime(client, runtimeRole);
    const partitions = await ensurePartitions(client, now());
    const migrations = [...(takenOver?.migrations ?? []), ...applied.map(({ name }) => name)];
    return { migrations, partitions, ...(takenOver !== null && { takenOver }) };
  });
}

/** Makes only the partitions of the coming days, as the owner's daily timer does; returns the names of the new ones. */
export function preparePartitions(
  ownerUrl: string,
  { now = Date.now }: Pick<PrepareOptions, 'now'> = {},
): Promise<readonly string[]> {
  return asOwner(ownerUrl, (client) => ensurePartitions(client, now()));
}

/** Drops the days that are older than the period, as the owner's daily timer does; without a period nothing but old ids. */
export function dropOldSpend(
  ownerUrl: string,
  retention: Retention | null,
  { now = Date.now }: Pick<PrepareOptions, 'now'> = {},
): Promise<Dropped> {
  return asOwner(ownerUrl, async (client) => {
    const dropped =
      retention === null ? { partitions: [], rows: 0 } : await dropOldDays(client, retention, now());
    await forgetOldIds(client, now());
    return dropped;
  });
}

/** Deletes the rows of the audit log that are older than a period, in milliseconds; how many. */
export function dropOldAudit(
  ownerUrl: string,
  periodMs: number,
  { now = Date.now }: Pick<PrepareOptions, 'now'> = {},
): Promise<number> {
  return asOwner(ownerUrl, (client) => deleteOldAudit(client, now() - periodMs));
}
