import { NO_MODEL } from '../../admission/model-access.ts';
import type { Identity } from '../../identity/identity.ts';
import type { KeyRights } from '../../identity/permissions.ts';
import type { KeyColumns } from '../../store/key-updates.ts';
import type { VirtualKeyRow } from '../../store/virtual-keys.ts';
import { forbidden } from './faults.ts';
import { folded } from './folded-fields.ts';
import { requireMayLink, requireNoWider } from './key-permissions.ts';
import type { KeyFields } from './key-requests.ts';

/** Whether a list of models allows some of what another one allows, and nothing else; an empty one allows everything. */
export function isNarrower(wanted: readonly string[] | null | undefined, now: readonly string[]): boolean {
  if (!wanted?.length) return false;
  return now.length === 0 || wanted.every((name) => name === NO_MODEL || now.includes(name));
}

/** Columns that have rules of their own, below; every other one is changed by who governs the key, and nobody else. */
const ruled: readonly string[] = [
  'key_alias',
  'models',
  'user_id',
  'team_id',
  'organization_id',
  'blocked',
  'spend',
];

/** The field of a request that changes a column. */
function fieldOf(column: string, wanted: KeyFields): string {
  if (column === 'expires') return 'duration';
  if (column !== 'metadata' || wanted.metadata !== undefined) return column;
  return folded.find((name) => wanted[name] !== undefined) ?? column;
}

/** A change of a key: what was sent, and the columns that it changes. */
export interface KeyChange {
  readonly row: VirtualKeyRow;
  readonly wanted: KeyFields;
  readonly columns: KeyColumns;
}

/**
 * Throws GatewayError forbidden, naming the field, for the first change that the caller may not make. A key's user may name
 * and narrow it; whom it belongs to and what it has spent is a proxy admin's to say.
 */
export function requireMayChange(
  who: Identity,
  rights: KeyRights,
  { row, wanted, columns }: KeyChange,
): void {
  const refuse = (field: string, by: string): never => {
    throw forbidden(field, `'${field}' of this key may be changed by ${by} alone`);
  };
  if (who.role !== 'proxy_admin') {
    const moved = (['user_id', 'team_id', 'organization_id'] as const).find(
      (column) => columns[column] !== undefined && columns[column] !== row[column],
    );
    if (moved !== undefined) refuse(moved, 'a proxy admin');
  }
  if (!rights.block && columns.blocked !== undefined)
    refuse('blocked', 'who runs its team, or a proxy admin');
  if (!rights.govern) {
    const raised = Object.keys(columns).find((column) => !ruled.includes(column));
    if (raised !== undefined) refuse(fieldOf(raised, wanted), 'who governs it');
    if (wanted.soft_budget !== undefined) refuse('soft_budget', 'who governs it');
    if (columns.models !== undefined && !isNarrower(columns.models, row.models)) {
      refuse('models', 'who governs it, but for leaving models out,');
    }
  }
  requireMayLink(who, wanted, row.budget_id);
  requireNoWider(who, {
    ...wanted,
    models: wanted.models === undefined ? who.models : wanted.models,
    allowed_routes: wanted.allowed_routes === undefined ? who.allowedRoutes : wanted.allowed_routes,
  });
}
