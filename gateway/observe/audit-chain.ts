import { hash, randomBytes } from 'node:crypto';

/** Columns that can say something about a person: each is chained by a salted digest, so that it can be blanked. */
export const blankable = [
  'changed_by',
  'changed_by_api_key',
  'object_id',
  'before_value',
  'updated_values',
] as const;

export type Blankable = (typeof blankable)[number];

export type AuditObject = Readonly<Record<string, unknown>>;

/** What a row of "LiteLLM_AuditLog" says, by LiteLLM's columns. */
export interface AuditValues {
  readonly changed_by: string;
  readonly changed_by_api_key: string;
  readonly action: string;
  readonly table_name: string;
  readonly object_id: string;
  readonly before_value: AuditObject | null;
  readonly updated_values: AuditObject | null;
}

/** A chained row of "LiteLLM_AuditLog". Hashes and digests are SHA-256 in lower-case hex. */
export interface AuditRow extends AuditValues {
  readonly id: string;
  readonly updated_at: Date;
  /** 1 for the first row of all; no number is left out. */
  readonly litellm_seq: number;
  /** 16 random bytes in hex for each value; a blanked one has none. */
  readonly litellm_salts: Readonly<Partial<Record<Blankable, string>>>;
  readonly litellm_digests: Readonly<Partial<Record<Blankable, string>>>;
  /** `litellm_hash` of the row before; empty for the first. */
  readonly litellm_previous: string;
  readonly litellm_hash: string;
}

/** The newest row's number and hash: who keeps them elsewhere notices when rows are gone, or are others. */
export interface AuditHead {
  readonly seq: number;
  readonly hash: string;
}

/** Before the first row. */
export const NO_ROWS: AuditHead = { seq: 0, hash: '' };

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, member]) => [name, sorted(member)]),
  );
}

/** The one JSON text of a value: PostgreSQL keeps members in an order of its own, and an export may have yet another one. */
export function canonical(value: unknown): string {
  return JSON.stringify(sorted(value));
}

/** Salted, or a blanked name could be found by trying names. */
export function digestOf(salt: string, value: unknown): string {
  return hash('sha256', `${salt}${canonical(value)}`);
}

/** What a row's hash has to be: over the row before, and all of this one, of blankable values their digests. */
export function hashOf(row: Omit<AuditRow, 'litellm_hash'>): string {
  const { id, action, table_name, litellm_seq, litellm_digests, litellm_previous } = row;
  const updated_at = row.updated_at.toISOString();
  return hash(
    'sha256',
    canonical({ id, updated_at, action, table_name, litellm_seq, litellm_digests, litellm_previous }),
  );
}

/** The row of these values that follows `head`. */
export function chained(
  head: AuditHead,
  values: AuditValues & { readonly id: string; readonly updated_at: Date },
): AuditRow {
  const salts = blankable.map((column) => [column, randomBytes(16).toString('hex')] as const);
  const row = {
    ...values,
    litellm_seq: head.seq + 1,
    litellm_salts: Object.fromEntries(salts),
    litellm_digests: Object.fromEntries(
      salts.map(([column, salt]) => [column, digestOf(salt, values[column])]),
    ),
    litellm_previous: head.hash,
  };
  return { ...row, litellm_hash: hashOf(row) };
}
