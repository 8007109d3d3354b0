import { DatabaseError, type Pool, type PoolClient } from 'pg';
import { bare, type SpendRecord } from '../accounting/spend.ts';
import { alikeCalls } from './alike-calls.ts';
import type { AlertRules } from './budget-alerts.ts';
import { applySpend } from './budget-spend.ts';
import { type Connection, rows, transaction } from './connection.ts';
import { copyMessages } from './copy-format.ts';
import { copyIn } from './copy-in.ts';
import { countedCalls, markCounted } from './counted-calls.ts';
import { addToDays } from './daily-spend.ts';
import { withoutErased } from './erased-people.ts';
import { plainRows, rowsWithContent, type SpendRows } from './spend-row.ts';
import { isAboutValue } from './sqlstate.ts';

/**
 * COPY has nothing to plan, to parse as JSON or to look up before it writes. In batches of 500 a row takes 24 µs of
 * PostgreSQL's CPU and 12 of this process; as one JSON list for INSERT ... ON CONFLICT it took 51 and 23.
 */
async function copyCalls(
  db: PoolClient,
  calls: readonly SpendRecord[],
  { columns, row }: SpendRows,
): Promise<void> {
  if (calls.length === 0) return;
  const statement = `COPY "LiteLLM_SpendLogs" (${columns}) FROM STDIN WITH (FORMAT binary)`;
  await copyIn(db, statement, copyMessages(calls, row));
}

const UNIQUE_VIOLATION = '23505';

/** Some calls of a batch are stored already: the batch is to be stored without them. */
class StoredAlready extends Error {}

/**
 * Stores calls, none of which may be stored already, and counts what they cost. A row that was dropped with its day is
 * looked for behind the COPY, which has waited for who drops.
 */
async function store(
  db: PoolClient,
  finished: readonly SpendRecord[],
  alerts: AlertRules | null,
): Promise<void> {
  const calls = await withoutErased(db, finished);
  const logged = calls.filter((call) => call.logged);
  const silent = logged.filter((call) => call.content === null);
  await copyCalls(db, silent, plainRows);
  if (silent.length < logged.length) {
    const told = logged.filter((call) => call.content !== null);
    await copyCalls(db, told, rowsWithContent);
  }
  if ((await countedCalls(db, logged)).size > 0) throw new StoredAlready();
  await markCounted(
    db,
    calls.filter((call) => !call.logged),
  );
  const groups = alikeCalls(calls);
  await applySpend(db, groups, alerts);
  await addToDays(db, groups);
}

/** The calls that are not stored yet, each once. */
async function withoutStored(db: Connection, calls: readonly SpendRecord[]): Promise<SpendRecord[]> {
  const different = [...new Map(calls.map((call) => [call.rowId, call])).values()];
  const counted = await countedCalls(db, different);
  const found = await rows<{ row_id: string }>(db, {
    text: `
      SELECT sent.row_id
      FROM unnest($1::uuid[], $2::bigint[]) AS sent (row_id, start_ms)
      JOIN "LiteLLM_SpendLogs" stored ON stored.litellm_row_id = sent.row_id
        AND stored."startTime" = timestamp 'epoch' + sent.start_ms * interval '1 millisecond'`,
    values: [different.map(({ rowId }) => rowId), different.map(({ startTime }) => startTime)],
  });
  const stored = new Set(found.map(({ row_id }) => row_id));
  return different.filter(({ rowId }) => !stored.has(rowId) && !counted.has(rowId));
}

/** As rare as a lost connection, hence found out afterwards. */
function isStoredAlready(error: unknown): boolean {
  return (
    error instanceof StoredAlready || (error instanceof DatabaseError && error.code === UNIQUE_VIOLATION)
  );
}

async function storeAll(db: Pool, calls: readonly SpendRecord[], alerts: AlertRules | null): Promise<void> {
  try {
    await transaction(db, (client) => store(client, calls, alerts));
  } catch (error) {
    if (!isStoredAlready(error)) throw error;
    await transaction(db, async (client) => store(client, await withoutStored(client, calls), alerts));
  }
}

/** Told of a call that no row can hold, not even bare: a number that our own code got wrong. */
export type Unstorable = (call: SpendRecord, error: unknown) => void;

function fail(_call: SpendRecord, error: unknown): never {
  throw error;
}

interface StoreOptions {
  readonly unstorable?: Unstorable;
  /** How it is told that budgets are spent; null where it is not. */
  readonly alerts?: AlertRules | null;
}

/** Stores one call without what may be wrong with it: what was said in it, and then all that others have put into it. */
async function storeBare(db: Pool, call: SpendRecord, options: StoreOptions): Promise<void> {
  const { unstorable = fail, alerts = null } = options;
  try {
    await storeAll(db, [call.content === null ? bare(call) : { ...call, content: null }], alerts);
  } catch (error) {
    if (!isAboutValue(error)) throw error;
    if (call.content !== null) await storeBare(db, { ...call, content: null }, options);
    else unstorable(call, error);
  }
}

/**
 * Stores finished calls and adds their cost to their keys, whom these act for, and their days, in one transaction. A call
 * that is to leave no row is counted all the same. A call that is stored already is left alone and costs nothing again, so a batch whose outcome is unknown may simply be sent again. A call that cannot be
 * stored as it is does not hold up the others: the batch is halved until it stands alone, and is stored bare. One that
 * cannot be stored even so is handed to `unstorable`, which by default rejects with the error.
 */
export async function insertSpendLogs(
  db: Pool,
  calls: readonly SpendRecord[],
  options: StoreOptions = {},
): Promise<void> {
  const [first] = calls;
  if (first === undefined) return;
  try {
    await storeAll(db, calls, options.alerts ?? null);
  } catch (error) {
    if (!isAboutValue(error)) throw error;
    if (calls.length === 1) return await storeBare(db, first, options);
    const middle = calls.length >> 1;
    await insertSpendLogs(db, calls.slice(0, middle), options);
    await insertSpendLogs(db, calls.slice(middle), options);
  }
}
