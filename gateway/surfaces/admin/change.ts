import type { Pool, PoolClient } from 'pg';
import type { EndUserDefault, StoredModelSettings } from '../../config/config.ts';
import type { KeyRules } from '../../config/key-rules.ts';
import type { TeamDefaults } from '../../config/team-defaults.ts';
import type { UserDefaults } from '../../config/user-defaults.ts';
import type { GatewayRequest } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import type { PasswordHasher } from '../../identity/password.ts';
import type { Logger } from '../../observe/logger.ts';
import type { Models } from '../../routing/models.ts';
import { type Audit, auditedTransaction } from '../../store/audit-log.ts';
import type { NextReset } from '../../store/budget-periods.ts';
import type { ChangedBy } from '../../store/changed-by.ts';
import { followDefault } from '../../store/default-budget.ts';
import type { BudgetRules } from '../../store/follow-budgets.ts';
import { announceKeyChanges } from '../../store/key-changes.ts';
import { moveEnds, PeriodIsOver } from '../../store/linked-budgets.ts';
import type { SaltKeys } from '../../store/sealed-text.ts';
import { Changes } from './changes.ts';

/** What management handlers work with. */
export interface ManagementDeps {
  readonly db: Pool;
  /** Whoever keeps in memory what may change here; resolves when the change is in force. */
  readonly memory: { evict(subject: string): void | Promise<void> };
  readonly audit: Audit;
  readonly logger: Pick<Logger, 'warn'>;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  readonly nextReset: NextReset;
  /** What customers have who have no budget of their own; null for nothing. */
  readonly endUserDefault: EndUserDefault | null;
  readonly hasher: Pick<PasswordHasher, 'hash'>;
  /** What the operator has decided about keys that are made. */
  readonly keyRules: KeyRules;
  readonly teamDefaults: TeamDefaults;
  readonly userDefaults: UserDefaults;
  readonly models: Models;
  readonly storedModels: StoredModelSettings;
  /** Seals what is secret in models and credentials. */
  readonly saltKeys: SaltKeys;
}

/** What decides how budgets follow a change. */
export type BudgetDeps = Pick<ManagementDeps, 'clock' | 'nextReset' | 'endUserDefault'>;

/** How budgets follow what is changed now. */
export function budgetRules({ clock, nextReset, endUserDefault }: BudgetDeps): BudgetRules {
  return { now: clock(), nextReset, endUserDefault };
}

/** A caller who changes something, and what is noted of that. */
export interface Changer {
  readonly who: Identity;
  readonly by: ChangedBy;
}

const CHANGED_BY_LIMIT = 256;

/** Who makes a change, and on whose behalf. */
export function changedBy(request: GatewayRequest, identity: Identity): ChangedBy {
  const person = request.headers['litellm-changed-by'];
  return {
    userId: identity.userId ?? identity.keyHash,
    keyHash: identity.keyHash,
    person: typeof person === 'string' && person !== '' ? person.slice(0, CHANGED_BY_LIMIT) : null,
  };
}

/** Runs a change again from its beginning after resets that it has found to be due: they are begun while it holds no lock. */
async function afterResets<T>(deps: ManagementDeps, attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof PeriodIsOver)) throw error;
    }
    await moveEnds(deps.db, budgetRules(deps));
  }
}

/**
 * Runs a change in one transaction. `work` notes what it changes, for the audit log, and the keys and subjects that
 * authentication must forget: the other gateways hear of them when it commits, this one forgets them before the answer is sent.
 * By then customers who have a changed budget by default have followed, too; where they could not, their next calls do.
 */
export async function change<T>(
  deps: ManagementDeps,
  by: ChangedBy,
  work: (db: PoolClient, changed: Changes) => Promise<T>,
): Promise<T> {
  let told: readonly string[] = [];
  let budgets: readonly string[] = [];
  const result = await afterResets(deps, () =>
    auditedTransaction(deps, by, async (client, record) => {
      const changed = new Changes(record);
      const done = await work(client, changed);
      if (changed.subjects.length > 0) told = await announceKeyChanges(client, changed.subjects);
      budgets = changed.budgets;
      return done;
    }),
  );
  await Promise.all(told.map((subject) => deps.memory.evict(subject)));
  const byDefault = deps.endUserDefault?.budgetId ?? null;
  if (byDefault !== null && budgets.includes(byDefault)) await letFollow(deps, byDefault);
  return result;
}

/** What was changed holds already, so a failure is no answer to whoever changed it. */
async function letFollow(deps: ManagementDeps, budget: string): Promise<void> {
  try {
    await followDefault(deps.db, budgetRules(deps));
  } catch (err) {
    deps.logger.warn(
      { err, budget },
      'not all customers who have this budget by default have followed its change: those who are left do when they call, or at their reset',
    );
  }
}
