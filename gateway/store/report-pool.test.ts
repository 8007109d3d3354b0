import { DatabaseError, type Pool, type PoolClient } from 'pg';
import { expect, test } from 'vitest';
import { rows } from './connection.ts';
import { ReportPool } from './report-pool.ts';

/** A pool that counts the connections which are held, and whose statements fail with `failure`. */
function poolOf(max: number, failure?: { readonly on: RegExp; readonly code: string }) {
  const held = { now: 0, most: 0 };
  const query = async ({ text }: { text: string }) => {
    if (!failure?.on.test(text)) return { rows: [] };
    throw Object.assign(new DatabaseError('x', 1, 'error'), { code: failure.code });
  };
  const client = {
    query: (asked: string | { text: string }) => query(typeof asked === 'string' ? { text: asked } : asked),
    release: () => void held.now--,
  } as unknown as PoolClient;
  const connect = async () => {
    held.most = Math.max(held.most, ++held.now);
    return client;
  };
  return { held, pool: { options: { max }, connect } as unknown as Pool };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('reports hold a quarter of the pool, and all of them are done', async () => {
  const { pool, held } = poolOf(8);
  const reports = new ReportPool(pool);
  const done = await Promise.all(
    Array.from({ length: 9 }, (_, index) => reports.run(() => turn().then(() => index))),
  );
  expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  expect(held).toEqual({ now: 0, most: 2 });
});

test('of a small pool they hold one connection', async () => {
  const { pool, held } = poolOf(1);
  const reports = new ReportPool(pool);
  await Promise.all([reports.run(turn), reports.run(turn)]);
  expect(held.most).toBe(1);
});

test('who comes when too many wait is told to come again; the others are served', async () => {
  const reports = new ReportPool(poolOf(4).pool);
  const asked = Array.from({ length: 66 }, () => reports.run(turn));
  const outcomes = await Promise.allSettled(asked);
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(65);
  expect(outcomes.at(-1)).toMatchObject({ reason: { status: 503, headers: { 'retry-after': '5' } } });
});

test('one that fails frees its place', async () => {
  const reports = new ReportPool(poolOf(4).pool);
  await expect(reports.run(() => Promise.reject(new Error('wrong')))).rejects.toThrow('wrong');
  expect(await reports.run(async () => 'served')).toBe('served');
});

test('one that takes too long is told how to ask for less', async () => {
  const reports = new ReportPool(poolOf(4, { on: /slow/, code: '57014' }).pool);
  await expect(reports.run((db) => rows(db, { text: 'SELECT slow' }))).rejects.toMatchObject({
    status: 400,
    param: 'start_date',
  });
});
