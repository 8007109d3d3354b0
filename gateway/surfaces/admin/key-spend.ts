import type { GatewayRequest } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { owners } from '../../identity/owners.ts';
import { lockKey, updateKey } from '../../store/key-updates.ts';
import { setOwnerSpent } from '../../store/owner-budgets.ts';
import type { VirtualKeyRow } from '../../store/virtual-keys.ts';
import { change, changedBy, type ManagementDeps } from './change.ts';
import { keyAt } from './changes.ts';
import { badRequest, notFound } from './faults.ts';
import { readResetSpend } from './key-requests.ts';
import { withBudgets } from './linked-budget.ts';
import { namedKey } from './named-key.ts';

function requireWithin(to: number, spent: number, budget: number | null): void {
  if (to < 0) throw badRequest('reset_to', "'reset_to' must not be negative");
  if (to > spent) throw badRequest('reset_to', `'reset_to' must not be over what was spent, ${spent} USD`);
  if (budget === null || to <= budget) return;
  throw badRequest('reset_to', `'reset_to' must not be over the key's budget, ${budget} USD`);
}

/**
 * `/key/KEY/reset_spend`: says what a key has spent in this period. What running calls hold stays held, and what they and
 * calls that are not stored yet come to cost is counted on top, as when a period begins.
 */
export async function resetSpend(deps: ManagementDeps, request: GatewayRequest, identity: Identity) {
  const { reset_to: spend } = readResetSpend(request.body);
  const hash = namedKey((request.params as { readonly key: string }).key, 'key');
  const by = changedBy(request, identity);
  return change(deps, by, async (db, changed) => {
    const before = await lockKey(db, hash);
    if (before === undefined) throw notFound('key', 'No such key; it may have been deleted');
    const [linked] = await withBudgets(db, [before]);
    const maxBudget = before.max_budget ?? linked?.litellm_budget_table?.max_budget ?? null;
    requireWithin(spend, before.spend, maxBudget);
    const after = (await updateKey(db, hash, { spend }, by)) as VirtualKeyRow;
    await setOwnerSpent(db, owners.key(hash), { usd: spend, now: deps.clock() });
    changed.add(hash).updated(keyAt(hash), before, after);
    return {
      key_hash: hash,
      spend,
      previous_spend: before.spend,
      max_budget: maxBudget,
      budget_reset_at: after.budget_reset_at,
    };
  });
}
