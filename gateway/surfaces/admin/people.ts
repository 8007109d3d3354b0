import { randomUUID } from 'node:crypto';
import type { PoolClient } from 'pg';
import type { Identity } from '../../identity/identity.ts';
import type { Connection } from '../../store/connection.ts';
import { isKnown } from '../../store/user-traces.ts';
import {
  insertUser,
  lockEmail,
  readUser,
  type UserRow,
  updateUser,
  usersByEmail,
} from '../../store/users.ts';
import type { ManagementDeps } from './change.ts';
import { type Changes, userAt } from './changes.ts';
import { conflict, forbidden } from './faults.ts';
import { newUserColumns } from './user-columns.ts';

/** Somebody as a request names one: by id, by address, or by both. */
export interface NamedPerson {
  readonly user_id?: string | null;
  readonly user_email?: string | null;
}

export interface Person {
  readonly user_id: string;
  readonly user_email: string | null;
}

/**
 * The user with this address, which is locked: two changes that name it wait for each other. Throws GatewayError conflict where
 * several have it, so that it names nobody.
 */
export async function userByEmail(db: Connection, email: string): Promise<UserRow | undefined> {
  await lockEmail(db, email);
  const [user, another] = await usersByEmail(db, email);
  if (another === undefined) return user;
  throw conflict('user_email', `Several users have the address '${email}': name the one by 'user_id'`);
}

/** Throws GatewayError conflict for the address of another: whoever is added to a team by it is that person. */
export async function requireFreeEmail(
  db: Connection,
  userId: string,
  email: string | null | undefined,
): Promise<void> {
  if (!email) return;
  await lockEmail(db, email);
  const holders = await usersByEmail(db, email);
  if (holders.every(({ user_id }) => user_id === userId)) return;
  throw conflict('user_email', `Another user has the address '${email}'`);
}

/** Whoever is named; undefined for somebody without a row. Throws GatewayError conflict for an address that is not its own. */
export async function knownPerson(
  db: Connection,
  { user_id, user_email }: NamedPerson,
): Promise<Person | undefined> {
  if (!user_id) return user_email ? userByEmail(db, user_email) : undefined;
  await requireFreeEmail(db, user_id, user_email);
  return readUser(db, user_id);
}

/**
 * Throws GatewayError forbidden where somebody else than a proxy admin would make the account of a person who is known here
 * already: with it came what that person has.
 */
export async function requireNewcomer(db: Connection, who: Identity, userId: string): Promise<void> {
  if (who.role === 'proxy_admin' || userId === who.userId || !(await isKnown(db, userId))) return;
  throw forbidden(
    'user_id',
    `'${userId}' has no account, but keys, teams or calls: a proxy admin makes the account`,
  );
}

/** Somebody whom a request names, and who sends it. */
export interface Naming {
  readonly named: NamedPerson;
  readonly who: Identity;
}

/**
 * Whoever is named; somebody without a row gets one, as a new internal user who has what the configuration says, where the caller
 * may make it.
 */
export async function personOf(
  deps: ManagementDeps,
  db: PoolClient,
  changed: Changes,
  { named, who }: Naming,
): Promise<Person> {
  const known = await knownPerson(db, named);
  if (known !== undefined) return { user_id: known.user_id, user_email: known.user_email };
  const user_id = named.user_id || randomUUID();
  const user_email = named.user_email || null;
  await requireNewcomer(db, who, user_id);
  await insertUser(db, user_id);
  const row = await updateUser(db, user_id, newUserColumns({ user_email }, deps));
  if (row !== undefined) changed.created(userAt(user_id), row);
  return { user_id, user_email };
}
