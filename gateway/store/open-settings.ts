import type { Finding } from '../config/config.ts';
import { VARIABLES } from '../config/stored-keys.ts';
import { leftOutOf, type StoredSettings } from '../config/stored-settings.ts';
import type { ConfigRow } from './config-table.ts';
import { type SaltKeys, UnreadableText } from './sealed-text.ts';

/** Settings of the database as they can be read, and the variables that cannot. */
export interface OpenSettings {
  readonly settings: StoredSettings;
  readonly unreadable: readonly Finding[];
}

/** The text of a variable. Throws UnreadableText. */
function openVariable(value: unknown, keys: SaltKeys): string {
  if (typeof value === 'object') throw new UnreadableText('is no text');
  return keys.open(String(value));
}

/** Opens the variables, each by itself: one that no key opens keeps back no other. */
export function openSettings(rows: readonly ConfigRow[], keys: SaltKeys): OpenSettings {
  const unreadable: Finding[] = [];
  const opened = (members: ConfigRow['param_value']) =>
    Object.entries(members).flatMap(([name, value]) => {
      try {
        return [[name, openVariable(value, keys)]];
      } catch (error) {
        if (!(error instanceof UnreadableText)) throw error;
        unreadable.push(leftOutOf(VARIABLES, name, error.message));
        return [];
      }
    });
  const sections = rows.map(({ param_name: section, param_value: members }) => [
    section,
    section === VARIABLES ? Object.fromEntries(opened(members)) : members,
  ]);
  return { settings: Object.fromEntries(sections) as StoredSettings, unreadable };
}
