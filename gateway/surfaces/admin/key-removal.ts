import type { ChangedBy } from '../../store/changed-by.ts';
import type { Connection } from '../../store/connection.ts';
import { deleteKeys } from '../../store/virtual-keys.ts';
import { type Changes, keyAt } from './changes.ts';

/** Deletes keys as a part of a change; returns the hashes of those that existed. */
export async function removeKeys(
  db: Connection,
  changed: Changes,
  hashes: readonly string[],
  by: ChangedBy,
): Promise<readonly string[]> {
  const gone = await deleteKeys(db, hashes, by);
  for (const row of gone) changed.add(row.token).deleted(keyAt(row.token), row);
  return gone.map(({ token }) => token);
}
