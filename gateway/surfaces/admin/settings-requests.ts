import type { Settings } from '../../config/findings.ts';
import { topLevel } from '../../config/known-keys.ts';
import { nearest } from '../../config/nearest.ts';
import { type StoredSection, storedSections, VARIABLES } from '../../config/stored-keys.ts';
import { refusalOf } from '../../config/stored-settings.ts';
import { badRequest } from './faults.ts';
import { refuseMasks } from './stored-models.ts';
import { bodyReader } from './validation.ts';

/** What a body stores, by sections. */
export type SettingsUpdate = { readonly [S in StoredSection]?: Settings | null };

const section = { type: ['object', 'null'] } as const;

export const readUpdate = bodyReader<SettingsUpdate>({
  type: 'object',
  properties: Object.fromEntries(storedSections.map((name) => [name, section])),
});

export interface FieldName {
  readonly config_type: StoredSection;
  readonly field_name: string;
}

const field = {
  config_type: { enum: storedSections },
  field_name: { type: 'string', minLength: 1 },
} as const;

export const readField = bodyReader<FieldName & { readonly field_value: unknown }>({
  type: 'object',
  required: ['config_type', 'field_name', 'field_value'],
  properties: { ...field, field_value: {} },
});

export const readFieldName = bodyReader<FieldName>({
  type: 'object',
  required: ['config_type', 'field_name'],
  properties: field,
});

/** Throws GatewayError bad_request for a member of the body that is no section of stored settings. */
export function requireSections(names: readonly string[]): void {
  const [name] = names;
  if (name === undefined) return;
  if (name === 'model_list') {
    throw badRequest(name, 'models are added by POST /model/new, each by itself; nothing was stored');
  }
  if (topLevel.has(name)) {
    throw badRequest(name, `'${name}' stands in config.yaml alone; nothing was stored`);
  }
  const meant = nearest(name, topLevel.keys());
  const remedy =
    meant === undefined ? `write some of ${storedSections.join(', ')}` : `did you mean '${meant}'?`;
  throw badRequest(name, `nobody knows the section '${name}'; ${remedy}`);
}

/** The values as they are to be stored, still open. Throws GatewayError bad_request for one that may not be. */
export function requireStorable(
  section: StoredSection,
  values: Settings,
  references: ReadonlyMap<string, string>,
): Settings {
  refuseMasks(values, section);
  const refuse = (name: string, why: string): never => {
    throw badRequest(`${section}.${name}`, `${section}.${name}: ${why}`);
  };
  for (const entry of Object.entries(values)) {
    const [name, value] = entry;
    const refusal = refusalOf(section, entry, references);
    if (refusal !== null) refuse(name, refusal);
    if (value === null)
      refuse(name, 'is null; POST /config/field/delete takes a setting out of the database');
    if (section !== VARIABLES) continue;
    if (typeof value === 'object' || value === '') refuse(name, 'must be a text that is not empty');
  }
  if (section !== VARIABLES) return values;
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}
