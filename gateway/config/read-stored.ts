import type { Config, ConfigResult, Finding } from './config.ts';
import { Findings, type Settings } from './findings.ts';
import { type ConfigSource, readConfig } from './read-config.ts';
import { type StoredSection, storedSections } from './stored-keys.ts';
import { leftOutOf, refusalOf, type StoredSettings, TABLE } from './stored-settings.ts';
import { otherReferences } from './stored-variables.ts';
import { parseYaml } from './yaml.ts';

/** Whether the configuration file lets settings of the database count. */
export function countsStored({ storedModels, ignoresStoredSettings }: Config): boolean {
  return storedModels.enabled && !ignoresStoredSettings;
}

/** What of stored settings counts, and what is left out, with the reasons. */
export interface SortedSettings {
  readonly counted: StoredSettings;
  readonly leftOut: readonly Finding[];
}

/** The file as YAML has it; empty where it cannot be read. */
function parsedFile({ text }: ConfigSource): Settings {
  return parseYaml(text, new Findings());
}

/** The same when it is first asked for, and from then on: a start is not to wait for what few ask. */
export function fileOnDemand(source: ConfigSource): () => Settings {
  let file: Settings | undefined;
  return () => {
    file ??= parsedFile(source);
    return file;
  };
}

/** Leaves out what may not be stored: LiteLLM has stored it, or an earlier version of this program, or the file has changed. */
export function sortSettings(file: Settings, stored: StoredSettings): SortedSettings {
  const references = otherReferences(file);
  const leftOut: Finding[] = [];
  const counts = (section: StoredSection, entry: readonly [string, unknown]): boolean => {
    if (entry[1] === null) return false;
    const refusal = refusalOf(section, entry, references);
    if (refusal === null) return true;
    leftOut.push(leftOutOf(section, entry[0], refusal));
    return false;
  };
  const sections = storedSections.flatMap((section) => {
    const members = Object.entries(stored[section] ?? {}).filter((entry) => counts(section, entry));
    return members.length === 0 ? [] : [[section, Object.fromEntries(members)] as const];
  });
  return { counted: Object.fromEntries(sections), leftOut };
}

const wayOut = ({ path, message }: Finding): Finding => ({
  path: `"${TABLE}" ${path}`,
  message: `${message} (general_settings.ignore_stored_settings: true starts the gateway without what the database holds; then take it out by POST /config/field/delete)`,
});

/**
 * Reads the configuration with what the database holds of it. `alone`: the file read by itself, which is good, so that each fault is
 * one of what is stored.
 */
export function readWithStored(
  source: ConfigSource,
  alone: ConfigResult,
  stored: StoredSettings,
): ConfigResult {
  const { counted, leftOut } = sortSettings(parsedFile(source), stored);
  const { config, faults, warnings } =
    Object.keys(counted).length === 0 ? alone : readConfig({ ...source, stored: counted });
  const told = [...warnings, ...leftOut];
  if (config === null) return { config, faults: faults.map(wayOut), warnings: told };
  return { config, faults: [], warnings: told };
}
