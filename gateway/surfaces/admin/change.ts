import type { Pool, PoolClient } from 'pg';
import type { KeyRules } from '../../config/key-rules.ts';
import type { GatewayRequest } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import type { NextReset } from '../../store/budget-periods.ts';
import type { ChangedBy } from '../../store/changed-by.ts';
import { transaction } from '../../store/connection.ts';
import { announceKeyChanges } from '../../store/key-changes.ts';

/** What management handlers work with. */
export interface ManagementDeps {
  readonly db: Pool;
  /** Whoever keeps in memory what may change here; resolves when the change is in force. */
  readonly memory: { evict(subject: string): void | Promise<void> };
  /** Epoch milliseconds. */
  readonly clock: () => number;
  readonly nextReset: NextReset;
  /** What the operator has decided about keys that are made. */
  readonly keyRules: KeyRules;
}

const CHANGED_BY_LIMIT = 256;

/** Who makes a change, and on whose behalf. */
export function changedBy(request: GatewayRequest, identity: Identity): ChangedBy {
  const person = request.headers['litellm-changed-by'];
  return {
    userId: identity.userId ?? identity.keyHash,
    keyHash: identity.keyHash,
    person: typeof person === 'string' ? person.slice(0, CHANGED_BY_LIMIT) : null,
  };
}

/**
 * Runs a change in one transaction. `work` notes the keys and subjects that authentication must forget: the other gateways
 * hear of them when it commits, this one forgets them before the answer is sent.
 */
export async function change<T>(
  { db, memory }: ManagementDeps,
  work: (db: PoolClient, changed: Set<string>) => Promise<T>,
): Promise<T> {
  let told: readonly string[] = [];
  const result = await transaction(db, async (client) => {
    const changed = new Set<string>();
    const done = await work(client, changed);
    if (changed.size > 0) told = await announceKeyChanges(client, [...changed]);
    return done;
  });
  await Promise.all(told.map((subject) => memory.evict(subject)));
  return result;
}
