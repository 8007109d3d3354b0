import { DatabaseError, type Pool, type PoolClient } from 'pg';
import type { SpendRecord } from '../accounting/spend.ts';
import { applySpend } from './budget-spend.ts';
import { type Connection, rows, transaction } from './connection.ts';
import { copyMessages, storable } from './copy-format.ts';
import { copyIn } from './copy-in.ts';
import { spendColumns, spendRow } from './spend-row.ts';
import { isAboutValue } from './sqlstate.ts';

/**
 * COPY has nothing to plan, to parse as JSON or to look up before it writes. In batches of 500 a row takes 24 µs of
 * PostgreSQL's CPU and 12 of this process; as one JSON list for INSERT ... ON CONFLICT it took 51 and 23.
 */
const COPY_CALLS = `COPY "LiteLLM_SpendLogs" (${spendColumns}) FROM STDIN WITH (FORMAT binary)`;

const UNIQUE_VIOLATION = '23505';

/** Adds what calls cost to their keys. Rows are locked in the order of their hash: batches cannot deadlock. */
async function addToKeys(db: Connection, calls: readonly SpendRecord[]): Promise<void> {
  const totals = new Map<string, number>();
  for (const { apiKey, spend } of calls) totals.set(apiKey, (totals.get(apiKey) ?? 0) + spend);
  const spent = [...totals].filter(([, total]) => total !== 0);
  if (spent.length === 0) return;
  await rows(db, {
    name: 'add_key_spend',
    text: `
      WITH spent AS (SELECT * FROM unnest($1::text[], $2::double precision[]) AS t (token, total)),
      locked AS (
        SELECT k.token FROM "LiteLLM_VerificationToken" k
        WHERE k.token IN (SELECT token FROM spent) ORDER BY k.token FOR UPDATE
      )
      UPDATE "LiteLLM_VerificationToken" k SET spend = k.spend + spent.total
      FROM spent WHERE k.token = spent.token AND k.token IN (SELECT token FROM locked)`,
    values: [spent.map(([hash]) => hash), spent.map(([, total]) => total)],
  });
}

/** Stores calls, none of which may be stored already. */
async function store(db: PoolClient, calls: readonly SpendRecord[]): Promise<void> {
  await copyIn(db, COPY_CALLS, copyMessages(calls, spendRow));
  await addToKeys(db, calls);
  await applySpend(db, calls);
}

/** The calls that are not stored yet, each once. */
async function withoutStored(db: Connection, calls: readonly SpendRecord[]): Promise<SpendRecord[]> {
  const byKey = new Map<string, SpendRecord>();
  for (const call of calls) {
    const key = `${call.startTime} ${storable(call.requestId)}`;
    if (!byKey.has(key)) byKey.set(key, call);
  }
  const different = [...byKey.values()];
  const found = await rows<{ position: number }>(db, {
    text: `
      SELECT sent.position
      FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS sent (request_id, start_ms, position)
      JOIN "LiteLLM_SpendLogs" stored ON stored.request_id = sent.request_id
        AND stored."startTime" = timestamp 'epoch' + sent.start_ms * interval '1 millisecond'`,
    values: [
      different.map(({ requestId }) => storable(requestId)),
      different.map(({ startTime }) => startTime),
    ],
  });
  const stored = new Set(found.map(({ position }) => position - 1));
  return different.filter((_, index) => !stored.has(index));
}

async function storeAll(db: Pool, calls: readonly SpendRecord[]): Promise<void> {
  try {
    await transaction(db, (client) => store(client, calls));
  } catch (error) {
    // As rare as a lost connection, hence found out afterwards.
    if (!(error instanceof DatabaseError && error.code === UNIQUE_VIOLATION)) throw error;
    await transaction(db, async (client) => store(client, await withoutStored(client, calls)));
  }
}

/** A call without what a client or a provider has put into it: its cost must reach its key whatever they send. */
function bare(call: SpendRecord): SpendRecord {
  const error = call.error && { ...call.error, message: '' };
  return { ...call, requestId: call.callId, endUser: null, usage: null, error };
}

/**
 * Stores finished calls and adds their cost to their keys, in one transaction. A call that is stored already is left
 * alone and costs nothing again, so a batch whose outcome is unknown may simply be sent again. A call that cannot be
 * stored as it is does not hold up the others: the batch is halved until it stands alone, and is stored bare.
 */
export async function insertSpendLogs(db: Pool, calls: readonly SpendRecord[]): Promise<void> {
  if (calls.length === 0) return;
  try {
    await storeAll(db, calls);
  } catch (error) {
    if (!isAboutValue(error)) throw error;
    if (calls.length === 1) return await storeAll(db, calls.map(bare));
    const middle = calls.length >> 1;
    await insertSpendLogs(db, calls.slice(0, middle));
    await insertSpendLogs(db, calls.slice(middle));
  }
}
