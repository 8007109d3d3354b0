import type { UserDefaults } from '../../config/user-defaults.ts';
import type { JsonObject } from '../../http/body.ts';
import type { Role } from '../../identity/roles.ts';
import type { UserColumns } from '../../store/users.ts';
import type { ManagementDeps } from './change.ts';
import { modelLimits } from './folded-fields.ts';
import { filled } from './key-rules.ts';
import { budgetColumns } from './linked-budget.ts';
import { foldedMetadata, type Metadata, replacedMetadata } from './metadata.ts';
import { refuseModelLimits } from './unenforced.ts';
import type { UserFields } from './user-requests.ts';

type Deps = Pick<ManagementDeps, 'clock' | 'nextReset'>;

/** The columns that the sent fields change. `now`: the metadata as they are. */
export function columnsOf(wanted: UserFields, now: Metadata, deps: Deps): UserColumns {
  refuseModelLimits(wanted.model_max_budget, 'user');
  const metadata = foldedMetadata(replacedMetadata(wanted.metadata, now), wanted, modelLimits);
  return {
    ...(wanted.user_alias !== undefined && { user_alias: wanted.user_alias || null }),
    ...(wanted.user_email !== undefined && { user_email: wanted.user_email || null }),
    ...(typeof wanted.user_role === 'string' && { user_role: wanted.user_role }),
    ...(wanted.models !== undefined && { models: wanted.models ?? [] }),
    ...(metadata !== now && { metadata }),
    ...(typeof wanted.spend === 'number' && { spend: wanted.spend }),
    ...budgetColumns(wanted, deps),
  };
}

/**
 * What the configuration gives a user who is made and does not say it himself. What admins and their viewers may have nobody has
 * thought of there.
 */
export function defaultsFor(
  { user_role: wanted }: Pick<UserFields, 'user_role'>,
  { userDefaults }: Pick<ManagementDeps, 'userDefaults'>,
): Omit<UserDefaults, 'user_role'> & { readonly user_role: Role } {
  const user_role = wanted ?? userDefaults.user_role ?? 'internal_user';
  const isInternal = user_role === 'internal_user' || user_role === 'internal_user_viewer';
  return { ...(isInternal && userDefaults), user_role };
}

/** The columns of a user who is made. */
export function newUserColumns(
  wanted: UserFields & JsonObject,
  deps: Deps & Pick<ManagementDeps, 'userDefaults'>,
): UserColumns & { readonly user_role: Role } {
  const defaults = defaultsFor(wanted, deps);
  return { ...columnsOf(filled(wanted, defaults), {}, deps), user_role: defaults.user_role };
}
