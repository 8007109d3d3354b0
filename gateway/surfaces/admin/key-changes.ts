import type { Identity } from '../../identity/identity.ts';
import type { KeyRights } from '../../identity/permissions.ts';
import type { VirtualKeyRow } from '../../store/virtual-keys.ts';
import { forbidden } from './faults.ts';
import { requireNoWider } from './key-permissions.ts';
import type { KeyFields } from './key-requests.ts';

/** Whether a list of models allows some of what another one allows, and nothing else; an empty one allows everything. */
export function isNarrower(wanted: readonly string[] | null | undefined, now: readonly string[]): boolean {
  if (!wanted?.length) return false;
  return now.length === 0 || wanted.every((name) => now.includes(name));
}

/** Fields that only who governs the key may change, among those that were sent. */
const governed = ['duration', 'metadata', 'allowed_routes'] as const;

/**
 * Throws GatewayError forbidden, naming the field, for the first change that the caller may not make. A key's user may name
 * and narrow it; whom it belongs to and what it has spent is a proxy admin's to say.
 */
export function requireMayChange(
  who: Identity,
  rights: KeyRights,
  row: VirtualKeyRow,
  wanted: KeyFields,
): void {
  const refuse = (field: keyof KeyFields, by: string): never => {
    throw forbidden(field, `'${field}' of this key may be changed by ${by} alone`);
  };
  const owner = {
    user_id: wanted.user_id !== undefined && (wanted.user_id || null) !== row.user_id,
    team_id: wanted.team_id !== undefined && (wanted.team_id || null) !== row.team_id,
  };
  if (who.role !== 'proxy_admin') {
    if (owner.user_id) refuse('user_id', 'a proxy admin');
    if (owner.team_id) refuse('team_id', 'a proxy admin');
  }
  if (!rights.block && wanted.blocked !== undefined) refuse('blocked', 'who runs its team, or a proxy admin');
  if (!rights.govern) {
    const field = governed.find((name) => wanted[name] !== undefined);
    if (field !== undefined) refuse(field, 'who governs it');
    if (wanted.models !== undefined && !isNarrower(wanted.models, row.models)) {
      refuse('models', 'who governs it, but for leaving models out,');
    }
  }
  requireNoWider(who, {
    ...wanted,
    models: wanted.models === undefined ? who.models : wanted.models,
    allowed_routes: wanted.allowed_routes === undefined ? who.allowedRoutes : wanted.allowed_routes,
  });
}
