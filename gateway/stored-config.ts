import type { Config, ConfigResult, Finding } from './config/config.ts';
import type { ConfigSource } from './config/read-config.ts';
import { readWithStored } from './config/read-stored.ts';
import { storedSections } from './config/stored-keys.ts';
import { requireDatabase } from './database.ts';
import { readConfigRows } from './store/config-table.ts';
import { openSettings } from './store/open-settings.ts';
import { openPool } from './store/pool.ts';
import { SaltKeys } from './store/sealed-text.ts';

/**
 * The configuration with what the database holds of it, over a connection of its own. `alone`: the file read by itself. Throws an Error
 * that says why the database cannot be asked.
 */
export async function addStored(
  source: ConfigSource,
  alone: Config,
  warnings: readonly Finding[],
): Promise<ConfigResult> {
  const db = openPool(alone.databaseUrl, { max: 1 });
  try {
    await requireDatabase(db, alone.databaseUrl);
    const rows = await readConfigRows(db, storedSections);
    const keys = new SaltKeys(alone.saltKey, alone.earlierSaltKeys);
    const { settings, unreadable } = openSettings(rows, keys);
    const result = readWithStored(source, { config: alone, faults: [], warnings }, settings);
    return { ...result, warnings: [...result.warnings, ...unreadable] };
  } finally {
    await db.end();
  }
}
