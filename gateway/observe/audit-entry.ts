import { abbreviated } from '../identity/presented-key.ts';
import { type AuditObject, canonical } from './audit-chain.ts';

export type AuditAction = 'created' | 'updated' | 'deleted' | 'blocked' | 'unblocked' | 'rotated';

export type AuditedTable =
  | 'LiteLLM_VerificationToken'
  | 'LiteLLM_TeamTable'
  | 'LiteLLM_TeamMembership'
  | 'LiteLLM_UserTable'
  | 'LiteLLM_OrganizationTable'
  | 'LiteLLM_OrganizationMembership'
  | 'LiteLLM_EndUserTable'
  | 'LiteLLM_BudgetTable'
  | 'LiteLLM_InvitationLink'
  | 'LiteLLM_ProxyModelTable'
  | 'LiteLLM_CredentialsTable'
  | 'LiteLLM_TagTable'
  | 'LiteLLM_Config'
  | 'ui_sessions';

/** One change, as the audit log keeps it: without secrets. */
export interface AuditEntry {
  readonly action: AuditAction;
  readonly table: AuditedTable;
  readonly objectId: string;
  readonly before: AuditObject | null;
  readonly after: AuditObject | null;
}

/** Columns that are named as secrets are, and hold none: a key's hash, its name with four characters of it, names of others. */
const harmless = new Set([
  'token',
  'key_name',
  'key_alias',
  'key_rotation_at',
  'credential_id',
  'credential_name',
  'credential_info',
  'litellm_params_key_id',
  'litellm_values_key_id',
  'litellm_value_key_id',
]);

/** Settings that are named as secrets are, and hold none; their members are looked at by their own names. */
const harmlessSettings = new Set(['token_rate_limit_type', 'default_key_generate_params']);

const isSecret = (name: string): boolean => SECRET_NAME.test(name) && !harmlessSettings.has(name);

const SECRET_NAME = /key|secret|password|token|credential|authorization/i;
const KEY_IN_TEXT = /sk-[\w-]{12,}/g;

function masked(value: unknown, secret: boolean): unknown {
  if (typeof value === 'string') return secret ? abbreviated(value) : value.replace(KEY_IN_TEXT, abbreviated);
  if (Array.isArray(value)) return value.map((each) => masked(each, secret));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, masked(member, secret || isSecret(name))]),
  );
}

/** A row as JSON, without its empty columns, and without any text that its name or its form calls a secret. */
export function audited(row: object): AuditObject {
  const columns = Object.entries(JSON.parse(JSON.stringify(row)) as AuditObject);
  return Object.fromEntries(
    columns
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name, masked(value, !harmless.has(name) && SECRET_NAME.test(name))]),
  );
}

/** The columns of `after` that are not as in `before`; one that was emptied is null. When it was changed says the entry itself. */
export function changedColumns(before: object, after: object): AuditObject {
  const [was, is] = [audited(before), audited(after)];
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  const changed = names.filter(
    (name) => name !== 'updated_at' && canonical(was[name] ?? null) !== canonical(is[name] ?? null),
  );
  return Object.fromEntries(changed.map((name) => [name, is[name] ?? null]));
}
