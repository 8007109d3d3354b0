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
 * The columns of a user who is made, with what the configuration gives those who do not say it themselves. What admins and their
 * viewers may spend nobody has thought of there.
 */
export function newUserColumns(
  wanted: UserFields & JsonObject,
  deps: Deps & Pick<ManagementDeps, 'userDefaults'>,
): UserColumns & { readonly user_role: Role } {
  const { userDefaults } = deps;
  const user_role = wanted.user_role ?? userDefaults.user_role ?? 'internal_user';
  const isInternal = user_role === 'internal_user' || user_role === 'internal_user_viewer';
  return { ...columnsOf(isInternal ? filled(wanted, userDefaults) : wanted, {}, deps), user_role };
}
