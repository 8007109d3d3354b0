import type { PoolClient } from 'pg';
import type { Identity } from '../../identity/identity.ts';
import type { UserRow } from '../../store/users.ts';
import type { ManagementDeps } from './change.ts';
import type { Changes } from './changes.ts';
import { requireHeld } from './held-limits.ts';
import { requireNoWider } from './key-permissions.ts';
import { completed, requireMaker } from './key-rules.ts';
import { makeKey } from './keys.ts';
import type { NewUserRequest } from './user-requests.ts';

/** What a user has and a key too: beside a new key the answer tells it of the user, of whom it was said. */
function sharedWith(user: UserRow) {
  const { models, metadata, spend, max_budget, budget_duration, model_max_budget } = user;
  const { rpm_limit, tpm_limit, max_parallel_requests } = user;
  const { model_rpm_limit = null, model_tpm_limit = null } = metadata;
  return {
    models,
    metadata,
    model_rpm_limit,
    model_tpm_limit,
    spend,
    max_budget,
    budget_duration,
    model_max_budget,
    rpm_limit,
    tpm_limit,
    max_parallel_requests,
  };
}

interface FirstKey {
  readonly wanted: NewUserRequest;
  readonly user: UserRow;
  readonly who: Identity;
  readonly by: string;
}

/** Makes the key that comes with a new user; the answer that shows it. */
export async function makeFirstKey(
  deps: ManagementDeps,
  db: PoolClient,
  changed: Changes,
  { wanted, user, who, by }: FirstKey,
) {
  const { keyRules, clock } = deps;
  const { key_alias = null, duration = null, aliases = null, permissions = null } = wanted;
  const own = { key_alias, duration, aliases, permissions };
  const owner = { userId: user.user_id, teamId: null, organizationId: null };
  const order = completed(own, keyRules, clock());
  requireNoWider(who, order);
  requireMaker(who, own, { ...owner, runsTeam: false }, keyRules);
  const key = await makeKey(deps, db, changed, { wanted: order, owner, by });
  await requireHeld(db, who, { hash: key.token, field: 'max_budget' });
  return { ...key, ...sharedWith(user) };
}
