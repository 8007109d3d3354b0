import type { QueryConfig } from 'pg';
import { type Connection, rows } from './connection.ts';
import type { Person } from './erased-people.ts';
import {
  auditConditions,
  findPerson,
  type KnownPerson,
  namesOf,
  ownedPlaces,
  PERSON,
  quotedPlace,
  spendPlaces,
} from './person-places.ts';

/** Rows held at once: those with prompts have up to 100 KB. */
const BATCH = 200;

/** A part of the export: a list of rows, each in its column `row`. */
interface Section extends QueryConfig {
  readonly name: string;
}

/** What is stored to keep somebody out is nobody's data. */
const SECRETS = `'password', 'credentials', 'credential_values', 'encrypted_value', 'secret'`;
const rowOf = (row: string): string => `to_jsonb(${row}) - ARRAY[${SECRETS}]`;

function ofKey(name: string, table: string, column: string, id: string): Section {
  return { name, text: `SELECT ${rowOf('o')} AS row FROM ${table} o WHERE ${column} = $1`, values: [id] };
}

const TEAMS = `
  SELECT jsonb_build_object('team_id', t.team_id, 'team_alias', t.team_alias, 'member', member) AS row
  FROM "LiteLLM_TeamTable" t, jsonb_array_elements(t.members_with_roles) AS member
  WHERE jsonb_typeof(t.members_with_roles) = 'array'
    AND (member ->> 'user_id' = $1 OR lower(member ->> 'user_email') = lower($2))`;

async function sections(db: Connection, person: KnownPerson): Promise<readonly Section[]> {
  const { kind, id, email } = person;
  const { column, daily, whom } = spendPlaces[kind];
  const { by, told } = auditConditions(person);
  const own =
    kind === 'user'
      ? [
          ofKey('user', '"LiteLLM_UserTable"', 'user_id', id),
          ofKey('keys', '"LiteLLM_VerificationToken"', 'user_id', id),
          ofKey('deleted_keys', '"LiteLLM_DeletedVerificationToken"', 'user_id', id),
          { name: 'teams', text: TEAMS, values: [id, email] },
          ofKey('team_accounts', '"LiteLLM_TeamMembership"', 'user_id', id),
        ]
      : [ofKey('customer', '"LiteLLM_EndUserTable"', 'user_id', id)];
  const others = (await ownedPlaces(db, person)).map((place) => {
    const [table, name] = quotedPlace(place);
    return ofKey(place.table, table, name, id);
  });
  const audit = `
    SELECT ${rowOf('log')} - ARRAY['litellm_salts', 'litellm_digests'] AS row
    FROM "LiteLLM_AuditLog" AS log, ${PERSON} WHERE ${by} OR ${told}`;
  return [
    ...own,
    ...others,
    ofKey('days', daily, whom, id),
    ofKey('spend', '"LiteLLM_SpendLogs"', column, id),
    { name: 'audit', text: audit, values: await namesOf(db, person) },
  ];
}

async function* rowsOf(db: Connection, { text, values }: Section): AsyncGenerator<string> {
  await db.query({
    text: `DECLARE export NO SCROLL CURSOR FOR SELECT row::text FROM (${text}) AS found`,
    values: values ?? [],
  });
  for (;;) {
    const batch = await rows<{ row: string }>(db, { text: `FETCH ${BATCH} FROM export` });
    for (const { row } of batch) yield row;
    if (batch.length < BATCH) break;
  }
  await db.query({ text: 'CLOSE export' });
}

/**
 * Everything that is kept of a person, as the text of one JSON object in pieces: as it is at one instant, one row a line, never
 * more than a few rows in memory.
 */
export async function* exportPerson(db: Connection, asked: Person, now: Date): AsyncGenerator<string> {
  await rows(db, { text: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY' });
  const person = await findPerson(db, asked);
  yield `{"person":${JSON.stringify(person)},\n"exported_at":${JSON.stringify(now)}`;
  for (const section of await sections(db, person)) {
    yield `,\n${JSON.stringify(section.name)}:[`;
    let separator = '\n';
    for await (const row of rowsOf(db, section)) {
      yield `${separator}${row}`;
      separator = ',\n';
    }
    yield ']';
  }
  yield '}\n';
  await rows(db, { text: 'COMMIT' });
}
