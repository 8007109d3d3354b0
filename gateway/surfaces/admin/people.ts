import { randomUUID } from 'node:crypto';
import type { PoolClient } from 'pg';
import { insertUser, lockEmail, readUser, readUserByEmail, updateUser } from '../../store/users.ts';
import { type Changes, userAt } from './changes.ts';

/** Somebody as a request names one: by id, by address, or by both. */
export interface NamedPerson {
  readonly user_id?: string | null;
  readonly user_email?: string | null;
}

export interface Person {
  readonly user_id: string;
  readonly user_email: string | null;
}

/** Whoever is named; undefined for somebody without a row. An address is locked: two changes that name it wait for each other. */
export async function knownPerson(
  db: PoolClient,
  { user_id, user_email }: NamedPerson,
): Promise<Person | undefined> {
  if (user_email) await lockEmail(db, user_email);
  const known = user_id ? await readUser(db, user_id) : user_email && (await readUserByEmail(db, user_email));
  if (!known) return undefined;
  return { user_id: known.user_id, user_email: known.user_email ?? user_email ?? null };
}

/** Whoever is named; somebody without a row gets one, as an internal user. */
export async function personOf(db: PoolClient, changed: Changes, named: NamedPerson): Promise<Person> {
  const known = await knownPerson(db, named);
  if (known !== undefined) return known;
  const user_id = named.user_id || randomUUID();
  const user_email = named.user_email || null;
  await insertUser(db, user_id);
  const row = await updateUser(db, user_id, { user_role: 'internal_user', user_email });
  if (row !== undefined) changed.created(userAt(user_id), row);
  return { user_id, user_email };
}
