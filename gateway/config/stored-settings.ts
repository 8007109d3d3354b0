import type { Finding } from './config.ts';
import { isMap, type Settings } from './findings.ts';
import { keyRefusal, type StoredSection, storedSections, VARIABLES } from './stored-keys.ts';
import { OF_FILE, referencingMembers } from './stored-model.ts';
import { variableRefusal } from './stored-variables.ts';

/** Settings of the database by their sections, variables open. */
export type StoredSettings = Readonly<Partial<Record<StoredSection, Settings>>>;

/** LiteLLM's table of settings, for messages. */
export const TABLE = 'LiteLLM_Config';

/** Tells of something in the database that does not count. */
export const leftOutOf = (section: StoredSection, name: string, reason: string): Finding => ({
  path: `${section}.${name}`,
  message: `${reason}; it stands in "${TABLE}" of the database, and is left out`,
});

/** The file with what is stored in its place: a setting that is in both is the stored one. */
export function withStored(file: Settings, stored: StoredSettings = {}): Settings {
  const sections = storedSections.flatMap((section) => {
    const [written, over] = [file[section] ?? {}, stored[section]];
    return over === undefined || !isMap(written) ? [] : [[section, { ...written, ...over }] as const];
  });
  return { ...file, ...Object.fromEntries(sections) };
}

/**
 * Why a setting may not be stored; null where it may. What it took from the environment could be read by whoever stores settings, so
 * only the file refers there. `references`: what the file refers to beside keys of providers.
 */
export function refusalOf(
  section: StoredSection,
  [name, value]: readonly [string, unknown],
  references: ReadonlyMap<string, string>,
): string | null {
  const refusal = section === VARIABLES ? variableRefusal(name, references) : keyRefusal(section, name);
  if (refusal !== null || referencingMembers({ [name]: value }).length === 0) return refusal;
  return OF_FILE;
}
