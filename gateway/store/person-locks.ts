import { type Owner, ownerKinds, owners } from '../identity/owners.ts';
import { type Connection, rows } from './connection.ts';
import { lockOwners, ownerTables } from './owner-rows.ts';
import { type KnownPerson, namesOf, PERSON, type Place, quotedPlace, signedPlaces } from './person-places.ts';

const signedBy = (column: string): string =>
  `o.${column} = person.id OR lower(o.${column}) = lower(person.email)`;

/** SQL for the rows `o` that a person has signed, by their tables. */
function signatures(places: readonly Place[]): ReadonlyMap<string, string> {
  const quoted = Map.groupBy(places.map(quotedPlace), ([table]) => table);
  return new Map(
    [...quoted].map(([table, all]) => [table, all.map(([, column]) => signedBy(column)).join(' OR ')]),
  );
}

/** SQL for the rows `o` that are about a user. */
const about = {
  organization_member: 'o.user_id = person.id',
  team: `person.id = ANY (o.members) OR person.id = ANY (o.admins) OR EXISTS (
    SELECT FROM jsonb_path_query(o.members_with_roles, '$[*]') AS member
    WHERE member ->> 'user_id' = person.id OR lower(member ->> 'user_email') = lower(person.email))`,
  team_member: 'o.user_id = person.id',
  user: 'o.user_id = person.id',
} as const;

const isAbout = (kind: string): kind is keyof typeof about => Object.hasOwn(about, kind);

/**
 * Locks what erasing a person changes, in the order in which everybody locks: budgets that others are linked to, then the rows of
 * owners kind by kind. Budgets that are counted come after them.
 */
export async function lockPlaces(db: Connection, person: KnownPerson): Promise<void> {
  if (person.kind === 'customer') {
    await lockOwners(db, [owners.endUser(person.id)]);
    return;
  }
  const values = await namesOf(db, person);
  const signed = signatures(await signedPlaces(db));
  const budgets = '"LiteLLM_BudgetTable"';
  await rows(db, {
    text: `
      SELECT FROM ${budgets} o, ${PERSON} WHERE ${signed.get(budgets) ?? 'false'}
      ORDER BY o.budget_id FOR NO KEY UPDATE OF o`,
    values,
  });
  const found: Owner[] = [];
  for (const kind of ownerKinds) {
    const { table, key } = ownerTables[kind];
    const conditions = [signed.get(table) ?? [], isAbout(kind) ? about[kind] : []].flat();
    if (kind === 'global' || conditions.length === 0) continue;
    const columns = key.map((column) => `o.${column}`).join(', ');
    const some = await rows<Record<string, string>>(db, {
      text: `SELECT ${columns} FROM ${table} o, ${PERSON} WHERE ${conditions.join(' OR ')}`,
      values,
    });
    found.push(...some.map((row) => ({ kind, ids: key.map((column) => row[column] as string) })));
  }
  await lockOwners(db, found);
}
