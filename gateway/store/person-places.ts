import { escapeIdentifier } from 'pg';
import { type Connection, rows } from './connection.ts';
import type { Person } from './erased-people.ts';

/** The person cannot be exported or erased; the message says why, and what to do. */
export class PersonError extends Error {
  override readonly name = 'PersonError';
}

/** A person with the names that it has in the database. */
export interface KnownPerson extends Person {
  /** Of an internal user whose row has one, and nobody else's. */
  readonly email: string | null;
}

/**
 * Who is meant by an id, or of users by an address; somebody without a row may still be named in others. An address that several
 * have names none of them. Throws PersonError.
 */
export async function findPerson(db: Connection, { kind, id }: Person): Promise<KnownPerson> {
  if (kind === 'customer') return { kind, id, email: null };
  const found = await rows<{ user_id: string; user_email: string | null; shared: boolean }>(db, {
    text: `
      SELECT user_id, user_email, EXISTS (SELECT FROM "LiteLLM_UserTable" o
        WHERE lower(o.user_email) = lower(u.user_email) AND o.user_id <> u.user_id) AS shared
      FROM "LiteLLM_UserTable" u WHERE user_id = $1 OR lower(user_email) = lower($1) ORDER BY user_id`,
    values: [id],
  });
  const named = found.find(({ user_id }) => user_id === id);
  if (named === undefined && found.length > 1) {
    const ids = found.map(({ user_id }) => `'${user_id}'`).join(', ');
    throw new PersonError(`several users have the address '${id}': name the one by its id, of ${ids}`);
  }
  const row = named ?? found[0];
  return { kind, id: row?.user_id ?? id, email: row === undefined || row.shared ? null : row.user_email };
}

/** The column of spend rows, and the table and column of daily rows, that name people of a kind. */
export const spendPlaces = {
  user: { column: '"user"', daily: '"LiteLLM_DailyUserSpend"', whom: 'user_id' },
  customer: { column: 'end_user', daily: '"LiteLLM_DailyEndUserSpend"', whom: 'end_user_id' },
} as const;

/** A text column of a table. */
export interface Place {
  readonly table: string;
  readonly column: string;
  /** Whether it must name a user that has a row. */
  readonly linked: boolean;
}

/** Tables whose rows are handled each in their own way. */
const handled =
  /^LiteLLM_(?:SpendLogs.*|Daily(?:User|Team|Tag|Organization|EndUser|Agent)Spend|UserTable|EndUserTable|VerificationToken|DeletedVerificationToken|TeamMembership|AuditLog)$/;

/** Columns of these names in every table, those that only LiteLLM has included. */
function columnsNamed(db: Connection, names: readonly string[]): Promise<readonly Place[]> {
  return rows<Place>(db, {
    text: `
      SELECT c.relname AS table, a.attname AS column, EXISTS (
        SELECT FROM pg_constraint k WHERE k.contype = 'f' AND k.conrelid = c.oid AND a.attnum = ANY (k.conkey)
          AND k.confrelid = '"LiteLLM_UserTable"'::regclass) AS linked
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
      WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
        AND a.attname = ANY ($1) AND NOT a.attisdropped AND a.atttypid = 'text'::regtype
      ORDER BY 1, 2`,
    values: [names],
  });
}

/** Where rows are somebody's, beside the tables that everybody knows. */
export async function ownedPlaces(db: Connection, { kind }: Person): Promise<readonly Place[]> {
  const found = await columnsNamed(db, [kind === 'user' ? 'user_id' : 'end_user_id']);
  return found.filter(({ table }) => !handled.test(table));
}

/** Where rows say who has made or changed them. */
export const signedPlaces = (db: Connection): Promise<readonly Place[]> =>
  columnsNamed(db, ['created_by', 'updated_by', 'deleted_by', 'litellm_changed_by']);

/** SQL for a place: its table and its column, quoted. */
export const quotedPlace = ({ table, column }: Place): readonly [string, string] => [
  escapeIdentifier(table),
  escapeIdentifier(column),
];

/** Members whose texts are never names of people, while somebody's id may be the same word. */
const namingNobody = [
  'role',
  'user_role',
  'event',
  'event_group',
  'budget_duration',
  'models',
  'allowed_routes',
  'team_member_permissions',
  'budget_id',
  'model_id',
  'team_id',
  'teams',
  'organization_id',
  'organizations',
];

/** The texts of a JSON value, those of lists too, each as a whole; names of members are none of them. */
const TEXTS = `$.** ? (@.type() == "object").keyvalue() ? (${namingNobody
  .map((name) => `@.key != "${name}"`)
  .join(' && ')}).value ? (@.type() == "string")`;

/** SQL: whether a JSON value has a name of `PERSON` as one of its texts. To read it as text first is quick, and mostly enough. */
export const mentions = (json: string): string => `((strpos(${json}::text, to_json(person.id)::text) > 0
  OR strpos(lower(${json}::text), lower(to_json(person.email)::text)) > 0)
  AND EXISTS (SELECT FROM jsonb_path_query(${json}::jsonb, '${TEXTS}') AS told
    WHERE told #>> '{}' = person.id OR lower(told #>> '{}') = lower(person.email)))`;

/** SQL for rows of the audit log: changes that the person made, rows about it, rows whose values tell of it. */
export interface AuditConditions {
  readonly by: string;
  readonly object: string;
  readonly told: string;
}

/** They speak of a row `log` of the audit log, and of `PERSON`. */
export function auditConditions({ kind }: Person): AuditConditions {
  if (kind === 'customer') {
    const object = `(log.table_name = 'LiteLLM_EndUserTable' AND log.object_id = person.id)`;
    return { by: 'false', object, told: object };
  }
  const tables = `('LiteLLM_UserTable', 'LiteLLM_TeamMembership', 'LiteLLM_OrganizationMembership',
    'LiteLLM_InvitationLink', 'ui_sessions')`;
  const object = `(log.table_name IN ${tables} AND log.object_id = person.id)`;
  return {
    by: 'log.changed_by IN (person.id, person.email)',
    object,
    told: `(${object} OR log.object_id = ANY (person.keys) OR ${mentions('log.before_value')}
      OR ${mentions('log.updated_values')})`,
  };
}

/** SQL for the names of a person, from the three values of `namesOf`. */
export const PERSON = '(VALUES ($1::text, $2::text, $3::text[])) AS person (id, email, keys)';

/** Id, address (null where there is none) and the hashes of the keys that a user has, or had. */
export async function namesOf(
  db: Connection,
  { kind, id, email }: KnownPerson,
): Promise<[string, string | null, readonly string[]]> {
  const keys = await rows<{ token: string }>(db, {
    text: `
      SELECT token FROM "LiteLLM_VerificationToken" WHERE $2 AND user_id = $1
      UNION SELECT token FROM "LiteLLM_DeletedVerificationToken" WHERE $2 AND user_id = $1`,
    values: [id, kind === 'user'],
  });
  return [id, email, keys.map(({ token }) => token)];
}
