import { hash } from 'node:crypto';
import type { Settings } from '../../config/findings.ts';
import { type SettingSection, type StoredSection, storable, VARIABLES } from '../../config/stored-keys.ts';
import type { ConfigRow } from '../../store/config-table.ts';
import type { SaltKeys } from '../../store/sealed-text.ts';
import { MASK } from './stored-models.ts';

/** A row that is not there yet. */
export const emptyRow = (section: StoredSection): ConfigRow => ({
  param_name: section,
  param_value: {},
  litellm_value_key_id: null,
});

/** A row with other values beside, or in the place of, those that it has. */
export function withValues(row: ConfigRow, values: Settings, keys: SaltKeys): ConfigRow {
  const { param_name, param_value: before, litellm_value_key_id: sealedBy } = row;
  if (param_name !== VARIABLES) return { ...row, param_value: { ...before, ...values } };
  const alone = sealedBy === keys.id || Object.keys(before).length === 0;
  return {
    param_name,
    param_value: { ...before, ...keys.sealAll(values) },
    // Those of another key are not its own: they are sealed anew when the operator says so.
    litellm_value_key_id: alone ? keys.id : null,
  };
}

/** A row as answers show it: nothing that may hold a secret, such as what LiteLLM has stored. */
export function shownRow({ param_name, param_value }: ConfigRow) {
  const open: readonly string[] = param_name === VARIABLES ? [] : storable[param_name as SettingSection];
  const values = Object.entries(param_value).map(([name, value]) => [
    name,
    open.includes(name) ? value : MASK,
  ]);
  return { param_name, param_value: Object.fromEntries(values) };
}

const DIGEST = 12;

/** The same for the audit log: of variables digests of what is stored, by which a change shows, also where the log masks them by name. */
export function auditedRow(row: ConfigRow): object {
  if (row.param_name !== VARIABLES) return shownRow(row);
  const values = Object.entries(row.param_value).map(([name, sealed]) => [
    name,
    `sealed ${hash('sha256', JSON.stringify(sealed)).slice(0, DIGEST)}`,
  ]);
  return { ...row, param_value: Object.fromEntries(values) };
}
