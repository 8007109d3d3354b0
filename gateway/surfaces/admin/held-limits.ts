import { type BudgetPart, readScope } from '../../identity/budget-parts.ts';
import type { Identity } from '../../identity/identity.ts';
import type { RateLimit } from '../../identity/key-limits.ts';
import { limitedOwners } from '../../identity/known-key.ts';
import { readOwnerLimits } from '../../identity/owner-limits.ts';
import { tagsIn } from '../../identity/tags.ts';
import type { Connection } from '../../store/connection.ts';
import { findKey, type KeyForAuthentication } from '../../store/virtual-keys.ts';
import { forbidden } from './faults.ts';
import type { KeyFields } from './key-requests.ts';

/**
 * Fields that say how much a key may spend and call, by its tags too, since these may have budgets; new metadata replace those
 * that are kept there.
 */
const limitFields = [
  'max_budget',
  'budget_duration',
  'budget_limits',
  'model_max_budget',
  'temp_budget_increase',
  'budget_id',
  'rpm_limit',
  'tpm_limit',
  'max_parallel_requests',
  'model_rpm_limit',
  'model_tpm_limit',
  'tags',
  'metadata',
] as const;

const names = { requests: 'rpm_limit', tokens: 'tpm_limit', parallel: 'max_parallel_requests' } as const;
const rates: readonly (keyof RateLimit)[] = ['requests', 'tokens'];

const budgetNames = { whole: 'max_budget', window: 'budget_limits', model: 'model_max_budget' } as const;

/** Whether all that counts on one part of a key's budget counts on that part of another's. */
function holds(other: BudgetPart | null, part: BudgetPart | null): boolean {
  return other?.kind !== 'model' || (part?.kind === 'model' && part.name === other.name);
}

/**
 * What the calling key is limited by itself while nobody is for whom the other key acts: calls of both would count together
 * nowhere. Undefined when everything is held.
 */
export function unheldLimit(
  { budgets, limits: own }: Pick<Identity, 'budgets' | 'limits'>,
  key: KeyForAuthentication,
): string | undefined {
  const others = limitedOwners(key).filter(({ owner }) => owner.kind !== 'key');
  for (const { owner: whose, part } of budgets.map(readScope)) {
    const held = others.some(({ budget }) => holds(budget.part, part));
    if (whose === null && !held) return budgetNames[part?.kind ?? 'whole'];
  }
  const { user_id: userId, team_id: teamId, organization_id: organizationId } = key;
  const owners = readOwnerLimits({ userId, teamId, organizationId }, key);
  const unheld = (['requests', 'tokens', 'parallel'] as const).find(
    (type) => own[type] !== null && owners.every(({ limits }) => limits[type] === null),
  );
  if (unheld !== undefined) return names[unheld];
  for (const [model, limited] of own.models) {
    const type = rates.find(
      (each) =>
        limited[each] !== null &&
        owners.every(({ limits, models }) => (limits[each] ?? models.get(model)?.[each] ?? null) === null),
    );
    if (type !== undefined) return `model_${names[type]}`;
  }
  return undefined;
}

/** The first tag of the calling key that another key's calls would not have. */
export function lostTag({ tags }: Pick<Identity, 'tags'>, key: KeyForAuthentication): string | undefined {
  const kept = [...tagsIn(key.key_metadata), ...tagsIn(key.team_metadata)];
  return tags.key.find((tag) => !kept.includes(tag));
}

/** The first field of a request that limits the key. */
export const limitOfKey = (wanted: KeyFields): string | undefined =>
  limitFields.find((name) => wanted[name] !== undefined);

/**
 * Looks at a key as it is written now, and throws GatewayError forbidden, naming `field`, where the calling key would get
 * around a limit of its own by it: what the other key does has to count on a limit of the same kind, its user's, team's or
 * organisation's, and it has the calling key's tags. A proxy admin's key may do anything.
 */
export async function requireHeld(
  db: Connection,
  who: Identity,
  { hash, field }: { readonly hash: string; readonly field: string },
): Promise<void> {
  if (who.role === 'proxy_admin') return;
  const key = await findKey(db, hash);
  if (key === undefined) return;
  const lost = lostTag(who, key);
  if (lost !== undefined) {
    throw forbidden(
      'tags',
      `Your key has the tag '${lost}': a key that it makes, renews or changes must have it too`,
    );
  }
  const unheld = unheldLimit(who, key);
  if (unheld === undefined) return;
  throw forbidden(
    field,
    `Your key has '${unheld}' itself, and whom that key acts for has none on which the calls of both would count: a proxy admin can limit the user or the team, or no longer your key`,
  );
}
