import { type Owner, type OwnerKind, ownerKinds } from '../identity/owners.ts';
import { type Connection, rows } from './connection.ts';

/** Where the owners of a kind have their rows. */
interface OwnerTable {
  readonly table: string;
  /** Primary key. */
  readonly key: readonly string[];
  /** What else follows when an amount (`shown.added`) is added to what was spent. */
  readonly beside?: string;
  /** Whether the row has a budget of its own in its columns. */
  readonly own: boolean;
}

const userTable = { table: '"LiteLLM_UserTable"', key: ['user_id'], own: true } as const;

export const ownerTables: Readonly<Record<OwnerKind, OwnerTable>> = {
  organization: { table: '"LiteLLM_OrganizationTable"', key: ['organization_id'], own: false },
  organization_member: {
    table: '"LiteLLM_OrganizationMembership"',
    key: ['organization_id', 'user_id'],
    own: false,
  },
  team: { table: '"LiteLLM_TeamTable"', key: ['team_id'], own: true },
  team_member: {
    table: '"LiteLLM_TeamMembership"',
    key: ['team_id', 'user_id'],
    beside: 'total_spend = o.total_spend + shown.added / 1e12',
    own: false,
  },
  user: userTable,
  global: userTable,
  end_user: { table: '"LiteLLM_EndUserTable"', key: ['user_id'], own: false },
  tag: { table: '"LiteLLM_TagTable"', key: ['tag_name'], own: false },
  key: { table: '"LiteLLM_VerificationToken"', key: ['token'], own: true },
};

/** The same owners by their kinds, in the order in which kinds are locked, each owner once. */
export function byKind(some: Iterable<Owner>): readonly (readonly [OwnerKind, readonly Owner[]])[] {
  const kinds = Map.groupBy(some, ({ kind }) => kind);
  return ownerKinds.flatMap((kind) => {
    const those = new Map((kinds.get(kind) ?? []).map((owner) => [JSON.stringify(owner.ids), owner]));
    return those.size === 0 ? [] : [[kind, [...those.values()]] as const];
  });
}

/** A list for each column of the primary key of these owners, to be unnested. */
export function keyLists(kind: OwnerKind, some: readonly Owner[]): readonly (readonly string[])[] {
  return ownerTables[kind].key.map((_column, at) => some.map(({ ids }) => ids[at] as string));
}

/** `unnest($1::text[], ...)` for the lists of `keyLists`, beginning with parameter `first`. */
export function unnested(kind: OwnerKind): string {
  return ownerTables[kind].key.map((_column, at) => `$${at + 1}::text[]`).join(', ');
}

/** Condition that rows `o` are those that a list named `list` tells. */
export function isListed(kind: OwnerKind, list: string): string {
  return ownerTables[kind].key.map((column) => `o.${column} = ${list}.${column}`).join(' AND ');
}

/** An owner whose row exists, and what the row says was spent, in USD. */
export interface OwnerRow {
  readonly owner: Owner;
  readonly spend: number;
}

/**
 * Locks the rows of owners until the transaction ends: one kind after the other, each in the order of its key. Whoever locks
 * budgets as well locks them afterwards, so nobody waits in a circle. Returns those that exist.
 */
export async function lockOwners(db: Connection, some: Iterable<Owner>): Promise<readonly OwnerRow[]> {
  const locked: OwnerRow[] = [];
  for (const [kind, those] of byKind(some)) {
    const { table, key } = ownerTables[kind];
    const columns = key.map((column) => `o.${column}`).join(', ');
    const found = await rows<Record<string, unknown>>(db, {
      name: `lock_${kind}`,
      text: `
        SELECT ${columns}, coalesce(o.spend, 0) AS spend FROM ${table} o
        JOIN unnest(${unnested(kind)}) AS asked (${key.join(', ')}) ON ${isListed(kind, 'asked')}
        ORDER BY ${columns} FOR NO KEY UPDATE OF o`,
      values: [...keyLists(kind, those)],
    });
    for (const row of found) {
      locked.push({
        owner: { kind, ids: key.map((column) => row[column] as string) },
        spend: row.spend as number,
      });
    }
  }
  return locked;
}

/** What the row of an owner is to show. Amounts are pico-dollars, as PostgreSQL writes them. */
export interface Shown {
  readonly owner: Owner;
  readonly spent: string;
  /** What was added to it. */
  readonly added: string;
}

/** Makes LiteLLM's float columns say what was spent. The rows are locked. */
export async function showSpent(db: Connection, shown: readonly Shown[]): Promise<void> {
  for (const [kind, some] of Map.groupBy(shown, ({ owner }) => owner.kind)) {
    const { table, key, beside } = ownerTables[kind];
    const [spent, added] = [key.length + 1, key.length + 2];
    await rows(db, {
      name: `show_spent_${kind}`,
      text: `
        UPDATE ${table} o SET spend = shown.spent / 1e12${beside === undefined ? '' : `, ${beside}`}
        FROM unnest(${unnested(kind)}, $${spent}::numeric[], $${added}::numeric[])
          AS shown (${key.join(', ')}, spent, added)
        WHERE ${isListed(kind, 'shown')}`,
      values: [
        ...keyLists(
          kind,
          some.map(({ owner }) => owner),
        ),
        some.map(({ spent }) => spent),
        some.map(({ added }) => added),
      ],
    });
  }
}

/** The period that has begun for an owner. */
export interface ShownPeriod {
  readonly owner: Owner;
  readonly spent: string;
  readonly resetsAt: Date | null;
}

/** Makes LiteLLM's columns say what was spent in the period that has begun, and until when it runs. The rows are locked. */
export async function showPeriods(db: Connection, shown: readonly ShownPeriod[]): Promise<void> {
  for (const [kind, some] of Map.groupBy(shown, ({ owner }) => owner.kind)) {
    const { table, key, own } = ownerTables[kind];
    const [spent, resetsAt] = [key.length + 1, key.length + 2];
    const reset = 'CASE WHEN o.budget_duration IS NULL THEN o.budget_reset_at ELSE shown.resets_at END';
    await rows(db, {
      text: `
        UPDATE ${table} o SET spend = shown.spent / 1e12${own ? `, budget_reset_at = ${reset}` : ''}
        FROM unnest(${unnested(kind)}, $${spent}::numeric[], $${resetsAt}::timestamp[])
          AS shown (${key.join(', ')}, spent, resets_at)
        WHERE ${isListed(kind, 'shown')}`,
      values: [
        ...keyLists(
          kind,
          some.map(({ owner }) => owner),
        ),
        some.map(({ spent }) => spent),
        some.map(({ resetsAt }) => resetsAt?.toISOString() ?? null),
      ],
    });
  }
}
