import { ADMIN_USER_ID } from '../identity/identity.ts';
import { type Owner, owners, PROXY_BUDGET_USER, scopeOf } from '../identity/owners.ts';
import { subjects } from '../identity/subjects.ts';
import { appendAudit } from './audit-log.ts';
import { BY_OPERATOR } from './changed-by.ts';
import { type Connection, inTransaction, rows } from './connection.ts';
import { deleteEndUsers } from './end-users.ts';
import { beginErasing, endErasing, type Person } from './erased-people.ts';
import { announceKeyChanges } from './key-changes.ts';
import { organizationsOf } from './organizations.ts';
import { removeOwnerBudgets } from './owner-budgets.ts';
import { lockOwners } from './owner-rows.ts';
import { countAudit, eraseAudit } from './person-audit.ts';
import { lockPlaces } from './person-locks.ts';
import {
  findPerson,
  type KnownPerson,
  mentions,
  namesOf,
  ownedPlaces,
  PERSON,
  PersonError,
  quotedPlace,
  signedPlaces,
} from './person-places.ts';
import { countSpend, eraseDays, eraseSpend } from './person-spend.ts';
import { membershipsOf } from './teams.ts';
import { deleteUsers } from './users.ts';
import { deleteKeys, hashesOfOwners } from './virtual-keys.ts';

/** What there is of a person, in numbers of rows. */
export interface PersonCounts {
  readonly accounts: number;
  readonly keys: number;
  readonly deletedKeys: number;
  readonly spendRows: number;
  readonly dailyRows: number;
  readonly auditRows: number;
}

/** What an erasure has done, or would do. */
export interface Erasure extends Person {
  /** Under which the rows are that stay; null where nothing was done. */
  readonly pseudonym: string | null;
  readonly found: PersonCounts;
}

async function requireErasable(db: Connection, { kind, id }: Person): Promise<void> {
  if (kind === 'customer') return;
  if (id === ADMIN_USER_ID || id === PROXY_BUDGET_USER) {
    throw new PersonError(`'${id}' is no person: it is the gateway's own row`);
  }
  const [admins] = await rows<{ is: boolean; others: number }>(db, {
    text: `
      SELECT bool_or(user_id = $1) AS is, count(*) FILTER (WHERE user_id <> $1) AS others
      FROM "LiteLLM_UserTable" WHERE user_role = 'proxy_admin'`,
    values: [id],
  });
  if (admins?.is !== true || admins.others > 0) return;
  throw new PersonError(`'${id}' is the last proxy admin: make another one first`);
}

async function countPerson(db: Connection, person: KnownPerson): Promise<PersonCounts> {
  const { kind, id } = person;
  const table = kind === 'user' ? '"LiteLLM_UserTable"' : '"LiteLLM_EndUserTable"';
  const [counted] = await rows<Pick<PersonCounts, 'accounts' | 'keys' | 'deletedKeys'>>(db, {
    text: `
      SELECT (SELECT count(*) FROM ${table} WHERE user_id = $1) AS accounts,
        (SELECT count(*) FROM "LiteLLM_VerificationToken" WHERE $2 AND user_id = $1) AS keys,
        (SELECT count(*) FROM "LiteLLM_DeletedVerificationToken" WHERE $2 AND user_id = $1) AS "deletedKeys"`,
    values: [id, kind === 'user'],
  });
  return {
    ...(counted as NonNullable<typeof counted>),
    ...(await countSpend(db, person)),
    auditRows: await countAudit(db, person),
  };
}

/** Nothing is called on the person's behalf any more. */
function eraseKeys(db: Connection, { kind, id }: Person): Promise<void> {
  return inTransaction(db, async () => {
    if (kind === 'customer') return;
    const hashes = await hashesOfOwners(db, { userIds: [id] });
    await lockOwners(db, hashes.map(owners.key));
    await deleteKeys(db, hashes, BY_OPERATOR);
    if (hashes.length > 0) await announceKeyChanges(db, hashes);
  });
}

/** Takes a user out of the lists that teams have of their members, deleted teams too. */
async function leaveLists(db: Connection, { id, email }: KnownPerson): Promise<void> {
  const isHis = `coalesce(member ->> 'user_id' = $1 OR lower(member ->> 'user_email') = lower($2), false)`;
  for (const table of ['"LiteLLM_TeamTable"', '"LiteLLM_DeletedTeamTable"']) {
    await rows(db, {
      text: `
        UPDATE ${table} SET members = array_remove(members, $1), admins = array_remove(admins, $1),
          members_with_roles = (SELECT coalesce(jsonb_agg(member), '[]')
            FROM jsonb_array_elements(members_with_roles) AS member WHERE NOT ${isHis})
        WHERE jsonb_typeof(members_with_roles) = 'array' AND ($1 = ANY (members) OR $1 = ANY (admins)
          OR EXISTS (SELECT FROM jsonb_array_elements(members_with_roles) AS member WHERE ${isHis}))`,
      values: [id, email],
    });
  }
}

/** Keys that were deleted stay for whoever reconciles spend, by their hashes. */
async function eraseDeletedKeys(db: Connection, { id }: Person, pseudonym: string): Promise<void> {
  await rows(db, {
    text: `
      UPDATE "LiteLLM_DeletedVerificationToken" SET user_id = $2, key_alias = NULL, key_name = NULL, metadata = '{}'
      WHERE user_id = $1`,
    values: [id, pseudonym],
  });
}

/** Alerts that tell of the person, also those that still wait to be sent. */
async function eraseAlerts(db: Connection, person: KnownPerson): Promise<void> {
  const { kind, id } = person;
  const scope = scopeOf(kind === 'user' ? owners.user(id) : owners.endUser(id));
  await rows(db, {
    text: `
      DELETE FROM alert_outbox AS alert USING ${PERSON}
      WHERE alert.scope = $4 OR ($5 AND ${mentions('alert.body')})`,
    values: [...(await namesOf(db, person)), scope, kind === 'user'],
  });
}

/** What other tables hold of a person: rows of its own go, where it has signed the pseudonym stands. */
async function eraseElsewhere(db: Connection, person: KnownPerson, pseudonym: string): Promise<void> {
  const { kind, id, email } = person;
  for (const place of await ownedPlaces(db, person)) {
    const [table, column] = quotedPlace(place);
    if (kind === 'user') await rows(db, { text: `DELETE FROM ${table} WHERE ${column} = $1`, values: [id] });
    else {
      const text = `UPDATE ${table} SET ${column} = $2 WHERE ${column} = $1`;
      await rows(db, { text, values: [id, pseudonym] });
    }
  }
  if (kind === 'customer') return;
  for (const place of await signedPlaces(db)) {
    const [table, column] = quotedPlace(place);
    const condition = `(${column} = $1 OR lower(${column}) = lower($2))`;
    if (place.linked)
      await rows(db, { text: `DELETE FROM ${table} WHERE ${condition}`, values: [id, email] });
    else {
      const text = `UPDATE ${table} SET ${column} = $3 WHERE ${condition}`;
      await rows(db, { text, values: [id, email, pseudonym] });
    }
  }
}

async function eraseAccount(
  db: Connection,
  { kind, id }: Person,
  organizations: readonly string[],
): Promise<readonly string[]> {
  if (kind === 'customer') {
    await removeOwnerBudgets(db, [owners.endUser(id)]);
    await deleteEndUsers(db, [id]);
    return [subjects.endUser(id)];
  }
  const places = await membershipsOf(db, [id]);
  const accounts: Owner[] = [
    ...places.map(({ team_id }) => owners.member(team_id, id)),
    ...organizations.map((organization) => owners.organizationMember(organization, id)),
  ];
  await removeOwnerBudgets(db, [owners.user(id), ...accounts]);
  await deleteUsers(db, [id]);
  return [subjects.user(id), ...places.map(({ team_id }) => subjects.team(team_id))];
}

/** The rest in one transaction, the account last: until then a run that was cut off finds the person by its address. */
function finish(db: Connection, person: KnownPerson, pseudonym: string, found: PersonCounts): Promise<void> {
  const { kind } = person;
  return inTransaction(db, async () => {
    await lockPlaces(db, person);
    const organizations = kind === 'user' ? await organizationsOf(db, person.id) : [];
    if (kind === 'user') {
      await leaveLists(db, person);
      await eraseDeletedKeys(db, person, pseudonym);
    }
    await eraseElsewhere(db, person, pseudonym);
    await eraseAlerts(db, person);
    const told = await eraseAccount(db, person, organizations);
    await endErasing(db, person);
    await announceKeyChanges(db, told);
    if (Object.values(found).every((count) => count === 0)) return;
    const table = kind === 'user' ? 'LiteLLM_UserTable' : 'LiteLLM_EndUserTable';
    const after = { erased: found };
    await appendAudit(db, BY_OPERATOR, [
      { action: 'deleted', table, objectId: pseudonym, before: null, after },
    ]);
  });
}

/**
 * Erases a person, as the owner of the tables: account, keys and memberships are gone, amounts stay under a pseudonym. What is
 * cut off is completed by the next run; one that finds nothing changes nothing. Throws PersonError.
 */
export async function erasePerson(db: Connection, asked: Person, dryRun: boolean): Promise<Erasure> {
  const person = await findPerson(db, asked);
  const { kind, id } = person;
  await requireErasable(db, person);
  const found = await countPerson(db, person);
  if (dryRun) return { kind, id, pseudonym: null, found };
  const pseudonym = await beginErasing(db, person);
  await eraseKeys(db, person);
  await eraseSpend(db, person, pseudonym);
  await eraseDays(db, person, pseudonym);
  await eraseAudit(db, person);
  await finish(db, person, pseudonym, found);
  return { kind, id, pseudonym, found };
}
