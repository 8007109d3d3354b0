import { escapeIdentifier } from 'pg';
import { ADMIN_USER_ID } from '../identity/identity.ts';
import { owners, PROXY_BUDGET_USER } from '../identity/owners.ts';
import { type Connection, inTransaction, rows } from './connection.ts';
import { type BudgetRules, followBudgets } from './follow-budgets.ts';
import { makeSchema } from './migrator.ts';
import { appliedMigrations, SchemaError } from './schema.ts';
import { cutLinks, dropViews, joinLinks, linksOf, makeViews } from './take-over-links.ts';
import { copyTable, makeUnwrap, type TakenTable } from './take-over-rows.ts';
import { attachSpend } from './take-over-spend.ts';
import { ensureAdmin, forgetPassword } from './users.ts';

/** Where LiteLLM's tables are while ours are made under the same names; there is no such schema before or afterwards. */
const ASIDE = 'litellm_before';

const SPEND = 'LiteLLM_SpendLogs';

/** Tables that each LiteLLM with a database has. */
const marks = [
  'LiteLLM_VerificationToken',
  'LiteLLM_UserTable',
  'LiteLLM_TeamTable',
  'LiteLLM_BudgetTable',
  SPEND,
];

/** What a take-over has done. */
export interface TakenOver {
  /** Names of the steps of our schema. */
  readonly migrations: readonly string[];
  readonly tables: readonly TakenTable[];
  /** Views that our tables cannot serve. */
  readonly views: readonly string[];
}

interface Theirs {
  readonly name: string;
  readonly owner: string | null;
}

/** The plain tables that are named as LiteLLM's; `owner`: whose it is, where that is another role. */
function theirTables(db: Connection): Promise<readonly Theirs[]> {
  return rows<Theirs>(db, {
    text: `
      SELECT relname AS name, CASE WHEN NOT pg_has_role(relowner, 'USAGE') THEN pg_get_userbyid(relowner) END AS owner
      FROM pg_class
      WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname LIKE 'LiteLLM\\_%' ORDER BY relname`,
  });
}

/** LiteLLM's tables where the database is one that LiteLLM has made, and not yet ours; null otherwise. */
async function litellmTables(db: Connection): Promise<readonly Theirs[] | null> {
  if ((await appliedMigrations(db)).length > 0) return null;
  const tables = await theirTables(db);
  const names = new Set(tables.map(({ name }) => name));
  return marks.every((mark) => names.has(mark)) ? tables : null;
}

function requireOwned(tables: readonly Theirs[]): void {
  const foreign = tables.find(({ owner }) => owner !== null);
  if (foreign === undefined) return;
  throw new SchemaError(
    `"${foreign.name}" belongs to the role ${foreign.owner}, and only its owner can change it: restore the dump with pg_restore --no-owner as the owner role, or give it the tables (REASSIGN OWNED BY ${escapeIdentifier(foreign.owner as string)} TO CURRENT_USER)`,
  );
}

/** A LiteLLM that went on writing would spend on what is counted here. */
async function requireAlone(db: Connection): Promise<void> {
  const [others] = await rows<{ count: number; roles: string }>(db, {
    text: `
      SELECT count(*)::integer AS count, string_agg(DISTINCT usename, ', ') AS roles FROM pg_stat_activity
      WHERE datname = current_database() AND usename IS NOT NULL AND application_name IS DISTINCT FROM 'litellm-migrate'`,
  });
  if (others === undefined || others.count === 0) return;
  throw new SchemaError(
    `this is LiteLLM's database, and ${others.count} ${others.count === 1 ? 'connection is' : 'connections are'} open (${others.roles}): stop LiteLLM and whatever else uses it, and run this again`,
  );
}

/** What has a reset time of its own gets its account now, so that it is reset then; all else gets it when it is used. */
async function openAccounts(db: Connection, rules: BudgetRules): Promise<void> {
  const dated = 'budget_duration IS NOT NULL AND budget_reset_at IS NOT NULL';
  const found = await rows<{ kind: 'key' | 'user' | 'team'; id: string }>(db, {
    text: `
      SELECT 'key' AS kind, token AS id FROM "LiteLLM_VerificationToken" WHERE ${dated}
      UNION ALL SELECT 'user', user_id FROM "LiteLLM_UserTable" WHERE ${dated} AND user_id <> $1
      UNION ALL SELECT 'team', team_id FROM "LiteLLM_TeamTable" WHERE ${dated}`,
    values: [PROXY_BUDGET_USER],
  });
  await followBudgets(
    db,
    found.map(({ kind, id }) => owners[kind](id)),
    rules,
  );
}

async function move(db: Connection, table: string, from: string, to: string): Promise<void> {
  await db.query({ text: `ALTER TABLE ${from}.${escapeIdentifier(table)} SET SCHEMA ${to}` });
}

/** Names of the tables that there are under the schema's name. */
async function namesIn(db: Connection): Promise<ReadonlySet<string>> {
  const found = await rows<{ name: string }>(db, {
    text: `
      SELECT relname AS name FROM pg_class
      WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace`,
  });
  return new Set(found.map(({ name }) => name));
}

/** The built-in admin signs in with this machine's own initial password. */
async function ownAdmin(db: Connection): Promise<void> {
  await ensureAdmin(db, ADMIN_USER_ID);
  await forgetPassword(db, ADMIN_USER_ID);
}

/**
 * Puts our tables in the place of LiteLLM's, with its rows: ours are made as on an empty database, so that both are the same
 * afterwards, and rows come over by the names of columns. Tables that we do not have stay as they are.
 */
async function replace(db: Connection, theirs: readonly Theirs[], rules: BudgetRules): Promise<TakenOver> {
  const moved = new Set(theirs.map(({ name }) => name));
  const pointing = (await linksOf(db)).filter(({ target }) => moved.has(target));
  await cutLinks(db, pointing);
  const views = await dropViews(db);
  await db.query({ text: `CREATE SCHEMA ${ASIDE}` });
  for (const name of moved) await move(db, name, 'public', ASIDE);
  const migrations = (await makeSchema(db)).map(({ name }) => name);
  const [ours, ownLinks] = [await namesIn(db), await linksOf(db)];
  // Rows come in any order.
  await cutLinks(db, ownLinks);
  await makeUnwrap(db);
  const tables: TakenTable[] = [];
  for (const name of moved) {
    if (!ours.has(name)) await move(db, name, ASIDE, 'public');
    else if (name === SPEND) tables.push(await attachSpend(db, ASIDE, rules.now));
    else {
      tables.push(await copyTable(db, name, ASIDE));
      await db.query({ text: `DROP TABLE ${ASIDE}.${escapeIdentifier(name)}` });
    }
  }
  await db.query({ text: `DROP SCHEMA ${ASIDE}` });
  await ownAdmin(db);
  await joinLinks(db, [
    ...ownLinks,
    ...pointing.filter(({ table }) => !(moved.has(table) && ours.has(table))),
  ]);
  await openAccounts(db, rules);
  return { migrations, tables, views: await makeViews(db, views) };
}

/**
 * Takes over a database that LiteLLM has made, in one transaction: when it fails, nothing has changed. Null when there is
 * nothing to take over. The caller holds the schema lock. Throws SchemaError that names what is in the way, and what to do.
 */
export async function takeOver(db: Connection, rules: BudgetRules): Promise<TakenOver | null> {
  const theirs = await litellmTables(db);
  if (theirs === null) return null;
  requireOwned(theirs);
  await requireAlone(db);
  return inTransaction(db, () => replace(db, theirs, rules));
}
