/** Budgets in a key's columns and as they are enforced: one follows the other, whoever writes there. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  adoptProcesses,
  insertSpendLogs,
  Ledger,
  PostgresBudgets,
  picoFromUsd,
  type SpendRecord,
} from '../../gateway/index.ts';
import { until } from '../../packer/index.ts';
import { type AdminGateway, inUtc, startAdminGateway } from '../harness/admin-gateway.ts';
import { ManualTimers } from '../harness/manual-timers.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';
import { spendRecord } from '../harness/spend-record.ts';

const HOUR = 3_600_000;
/** A Saturday noon. */
const START = Date.UTC(2026, 10, 21, 12);
const USD = 1_000_000_000_000n;

describe.each([16, 17] as const)('PostgreSQL %i', (major) => {
  let server: PostgresServer;
  let gateway: AdminGateway;
  const now = START;

  beforeAll(async () => {
    server = await startPostgres({ major });
    gateway = await startAdminGateway(await server.createDatabase(), { clock: () => now });
  });
  afterAll(async () => {
    await gateway.close();
    await server.stop();
  });

  const generate = async (
    body: object,
  ): Promise<Record<string, unknown> & { key: string; token: string }> => {
    const answer = await gateway.call('/key/generate', { body });
    expect(answer.status).toBe(200);
    return answer.body;
  };
  const update = (body: object) => gateway.call('/key/update', { body });
  const infoOf = async (token: string) => (await gateway.call(`/key/info?key=${token}`)).body.info;
  const budgetOf = async (token: string) => {
    const { rows } = await gateway.db.query('SELECT * FROM budget_state WHERE scope = $1', [`key:${token}`]);
    return rows[0];
  };
  const store = (...calls: { token: string; spend: number; endTime: number }[]) =>
    insertSpendLogs(
      gateway.db,
      calls.map(({ token, spend, endTime }) => {
        const callId = randomUUID();
        return spendRecord({
          requestId: callId,
          callId,
          apiKey: token,
          spend: picoFromUsd(spend),
          endTime,
          startTime: endTime - 10,
        });
      }),
    );

  test('a generated key shows its budget and is held to it', async () => {
    const { key, token, ...answer } = await generate({ max_budget: 10, budget_duration: '7d', spend: 2.5 });
    expect(answer).toMatchObject({ max_budget: 10, budget_duration: '7d', spend: 2.5 });
    expect(await infoOf(token)).toMatchObject({ budget_reset_at: '2026-11-23T00:00:00.000Z' });
    expect(await budgetOf(token)).toMatchObject({
      limit_pico: String(10n * USD),
      spent_pico: String((5n * USD) / 2n),
      duration: '7d',
      resets_at: new Date('2026-11-23T00:00:00Z'),
    });
    expect((await gateway.call('/v1/models', { key })).body.budgets).toEqual([`key:${token}`]);
  });

  test('a key without a budget has none', async () => {
    const { key, token } = await generate({ max_budget: '', budget_duration: '' });
    expect(await budgetOf(token)).toBeUndefined();
    expect((await gateway.call('/v1/models', { key })).body.budgets).toEqual([]);
  });

  test.each([
    ['a negative budget', { max_budget: -1 }, 400],
    ['a budget that is a text', { max_budget: 'ten' }, 422],
    ['an unreadable duration', { max_budget: 1, budget_duration: 'often' }, 400],
    ['a duration of nothing', { max_budget: 1, budget_duration: '0d' }, 400],
  ])('%s is refused', async (_title, body, status) => {
    expect((await gateway.call('/key/generate', { body })).status).toBe(status);
  });

  test('an update changes only what is sent, and null clears', async () => {
    const { key, token } = await generate({ max_budget: 10, budget_duration: '1d' });
    const raised = await update({ key, max_budget: 20 });
    expect(raised).toMatchObject({ status: 200, body: { key, max_budget: 20, budget_duration: '1d' } });
    await update({ key: token, budget_duration: '1mo' });
    expect(await infoOf(token)).toMatchObject({
      max_budget: 20,
      budget_duration: '1mo',
      budget_reset_at: '2026-12-01T00:00:00.000Z',
    });
    expect(await budgetOf(token)).toMatchObject({ limit_pico: String(20n * USD), duration: '1mo' });
    expect((await update({ key, max_budget: null })).body.max_budget).toBeNull();
    expect((await gateway.call('/v1/models', { key })).body.budgets).toEqual([]);
  });

  test.each([
    ['an unknown key', { key: 'sk-unknown', max_budget: 1 }, 404],
    ['no key', { max_budget: 1 }, 422],
    ['what is less than nothing', { key: 'sk-any', spend: -1 }, 422],
    ['a field that nothing enforces', { key: 'sk-any', guardrails: ['pii'] }, 400],
  ])('an update of %s is refused', async (_title, body, status) => {
    expect((await update(body)).status).toBe(status);
  });

  test('what was spent before a key had a budget counts', async () => {
    const { key, token } = await generate({});
    await store({ token, spend: 0.75, endTime: now });
    await update({ key, max_budget: 1 });
    // A call that had begun before: its row comes after.
    await store({ token, spend: 0.125, endTime: now - 1000 });
    expect(await budgetOf(token)).toMatchObject({ spent_pico: String(picoFromUsd(0.875)) });
    expect(await infoOf(token)).toMatchObject({ spend: 0.875 });
  });

  test('rows that are stored twice are counted once', async () => {
    const { token } = await generate({ max_budget: 1 });
    const batch = [spendRecord({ requestId: `once-${major}`, apiKey: token, spend: picoFromUsd(0.1) })];
    await insertSpendLogs(gateway.db, batch);
    await insertSpendLogs(gateway.db, batch);
    expect(await budgetOf(token)).toMatchObject({ spent_pico: String(picoFromUsd(0.1)) });
  });

  test('ten thousand thousandths of a cent are ten cents, and the column shows it', async () => {
    const { token } = await generate({ max_budget: 1 });
    for (let batch = 0; batch < 20; batch++) {
      await store(...Array.from({ length: 500 }, () => ({ token, spend: 0.00001, endTime: now })));
    }
    expect(await budgetOf(token)).toMatchObject({ spent_pico: String(USD / 10n) });
    expect(await infoOf(token)).toMatchObject({ spend: 0.1 });
  });

  test.each([
    ['a limit that another program has written', 'max_budget = 3', { limit_pico: String(3n * USD) }],
    [
      'a key that another program has made',
      "max_budget = 4, budget_duration = '1d', budget_reset_at = '2026-11-21 18:00', spend = 1.5",
      {
        limit_pico: String(4n * USD),
        spent_pico: String((3n * USD) / 2n),
        resets_at: new Date('2026-11-21T18:00:00Z'),
      },
    ],
  ])('%s is followed when the key is looked up', async (_title, columns, expected) => {
    const { key, token } = await generate({});
    await gateway.db.query(`UPDATE "LiteLLM_VerificationToken" SET ${columns} WHERE token = $1`, [token]);
    expect((await gateway.call('/v1/models', { key })).body.budgets).toEqual([`key:${token}`]);
    expect(await budgetOf(token)).toMatchObject(expected);
  });

  test('a deleted key leaves no budget', async () => {
    const { key, token } = await generate({ max_budget: 1 });
    await gateway.call('/key/delete', { body: { keys: [key] } });
    expect(await budgetOf(token)).toBeUndefined();
  });

  /** Resolves when that many statements wait for a lock. */
  const waiting = (count: number) =>
    until(`${count} statements that wait`, 10_000, async () => {
      const { rows } = await gateway.db.query(
        "SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      );
      expect(rows[0].n).toBe(count);
    });

  /** A ledger whose clock is the test's. */
  function ledgerAt(start: number) {
    const timers = new ManualTimers(start, async () => undefined);
    const processId = randomUUID();
    const store = new PostgresBudgets({ db: gateway.db, processId, nextReset: inUtc });
    const ledger = new Ledger({ store, processId, timers, logger: { warn: () => undefined } as never });
    ledger.hears(true);
    const ask = async (token: string, usd: number) => {
      const bound = picoFromUsd(usd);
      return ledger.reserve({
        scopes: [`key:${token}`],
        enforcement: 'strict',
        bound,
        minimum: bound,
        patient: true,
      });
    };
    return { ledger, store, ask };
  }

  test('what was spent is set in the row and in the budget, and later calls are added to both', async () => {
    const { token } = await generate({ max_budget: 8, budget_duration: '1d' });
    await store({ token, spend: 3, endTime: now });
    expect((await update({ key: token, spend: 1.25 })).body).toMatchObject({ spend: 1.25, max_budget: 8 });
    await store({ token, spend: 0.5, endTime: now });
    expect(await budgetOf(token)).toMatchObject({ spent_pico: String(picoFromUsd(1.75)) });
    expect(await infoOf(token)).toMatchObject({ spend: 1.75 });
    await expect(ledgerAt(now).ask(token, 7)).rejects.toThrow('Current cost: 1.75, Max budget: 8');
  });

  test('what was spent is set for the period that begins, where the last one is over', async () => {
    const { token } = await generate({ max_budget: 8, budget_duration: '1d' });
    await store({ token, spend: 3, endTime: now });
    await gateway.db.query("UPDATE budget_state SET resets_at = '2026-11-21 11:00' WHERE token = $1", [
      token,
    ]);
    await update({ key: token, spend: 2 });
    await ledgerAt(now).store.sweep(now);
    expect(await infoOf(token)).toMatchObject({ spend: 2, budget_reset_at: '2026-11-22T00:00:00.000Z' });
  });

  test('a reset of what was spent leaves what other processes hold, and counts what it comes to', async () => {
    const { token } = await generate({ max_budget: 8, budget_duration: '1d' });
    await store({ token, spend: 6, endTime: now });
    const elsewhere = ledgerAt(now);
    const running = await elsewhere.ask(token, 1);
    const answer = await gateway.call(`/key/${token}/reset_spend`, { body: { reset_to: 0.5 } });
    expect(answer.body).toEqual({
      key_hash: token,
      spend: 0.5,
      previous_spend: 6,
      max_budget: 8,
      budget_reset_at: '2026-11-22T00:00:00.000Z',
    });
    expect(await budgetOf(token)).toMatchObject({ spent_pico: String(picoFromUsd(0.5)) });
    // Half a dollar is spent and one is held: six and a half are there.
    const here = ledgerAt(now);
    (await here.ask(token, 6.5)).release();
    const charges = running.settle(picoFromUsd(1));
    await insertSpendLogs(gateway.db, [
      spendRecord({ requestId: randomUUID(), apiKey: token, spend: picoFromUsd(1), endTime: now, charges }),
    ]);
    expect(await infoOf(token)).toMatchObject({ spend: 1.5 });
    await expect(here.ask(token, 6.51)).rejects.toThrow('Current cost: 1.5, Max budget: 8');
  });

  describe('a rotated key', () => {
    const rotate = async (key: string, body: object = {}) =>
      (await gateway.call('/key/regenerate', { body: { key, ...body } })).body;
    const call = (token: string, spend: number, charges: SpendRecord['charges'] = []) =>
      spendRecord({
        requestId: randomUUID(),
        apiKey: token,
        spend: picoFromUsd(spend),
        charges,
        endTime: now,
      });

    test('takes along its budget, what is spent and reserved of it, and when it is reset', async () => {
      const { key, token } = await generate({ max_budget: 1, budget_duration: '1d' });
      await store({ token, spend: 0.25, endTime: now });
      const running = await ledgerAt(now).ask(token, 0.5);
      const next = await rotate(key);
      expect(await budgetOf(token)).toMatchObject({ token: next.token, spent_pico: String(USD / 4n) });
      expect((await gateway.call('/v1/models', { key: next.key })).body.budgets).toEqual([`key:${token}`]);
      // What runs still holds its money, and is charged under the name that its key had.
      expect(await budgetOf(token)).toMatchObject({ leased_pico: String(USD / 2n) });
      await insertSpendLogs(gateway.db, [call(token, 0.125, running.settle(picoFromUsd(0.125)))]);
      expect(await infoOf(next.token)).toMatchObject({ spend: 0.375 });
      expect(await budgetOf(token)).toMatchObject({ spent_pico: String((3n * USD) / 8n) });
      await ledgerAt(START + 13 * HOUR).store.sweep(START + 13 * HOUR);
      expect(await infoOf(next.token)).toMatchObject({
        spend: 0,
        budget_reset_at: '2026-11-23T00:00:00.000Z',
      });
      expect((await update({ key: next.key, max_budget: 2 })).body).toMatchObject({ max_budget: 2 });
      expect(await budgetOf(token)).toMatchObject({ limit_pico: String(2n * USD), token: next.token });
    });

    test('is charged for calls of each of its former secrets, with a budget or without', async () => {
      const { key, token } = await generate({});
      const second = await rotate(key, { grace_period: '1h' });
      const third = await rotate(second.key, { max_budget: 4 });
      await insertSpendLogs(gateway.db, [
        call(token, 0.5),
        call(second.token, 0.25),
        call(third.token, 0.125),
      ]);
      expect(await infoOf(third.token)).toMatchObject({ spend: 0.875 });
      expect(await budgetOf(third.token)).toMatchObject({ spent_pico: String(picoFromUsd(0.875)) });
    });

    test('is charged for calls that are being stored while it is rotated', async () => {
      const { key, token } = await generate({});
      const client = await gateway.db.connect();
      await client.query('BEGIN');
      await client.query('SELECT 1 FROM "LiteLLM_VerificationToken" WHERE token = $1 FOR UPDATE', [token]);
      const rotating = rotate(key);
      await waiting(1);
      const storing = insertSpendLogs(gateway.db, [call(token, 0.5)]);
      await waiting(2);
      await client.query('COMMIT');
      client.release();
      const [next] = await Promise.all([rotating, storing]);
      expect(await infoOf(next.token)).toMatchObject({ spend: 0.5 });
    });

    test('cannot be made again, nor become another key', async () => {
      const { key } = await generate({});
      await rotate(key);
      expect((await gateway.call('/key/generate', { body: { key } })).status).toBe(400);
      const other = await generate({});
      const taken = await gateway.call('/key/regenerate', { body: { key: other.key, new_key: key } });
      expect(taken).toMatchObject({ status: 400, body: { error: { param: 'new_key' } } });
    });

    test('may get a secret back that it had', async () => {
      const { key, token } = await generate({ max_budget: 1 });
      const next = await rotate(key);
      expect(await rotate(next.key, { new_key: key })).toMatchObject({ token });
      expect((await gateway.call('/v1/models', { key })).body.budgets).toEqual([`key:${token}`]);
    });

    test('leaves no budget when it is deleted', async () => {
      const { key, token } = await generate({ max_budget: 1 });
      await gateway.call('/key/delete', { body: { keys: [(await rotate(key)).key] } });
      expect(await budgetOf(token)).toBeUndefined();
    });
  });

  test.each([
    ['/team/delete', { team_ids: ['t'] }],
    ['/team/member_delete', { team_id: 't', user_id: 'u' }],
    ['/user/delete', { user_ids: ['u'] }],
  ])('a key that goes with %s leaves no budget', async (path, body) => {
    await gateway.call('/team/new', {
      body: { team_id: 't', members_with_roles: [{ role: 'user', user_id: 'u' }] },
    });
    const { token } = await generate({ team_id: 't', user_id: 'u', max_budget: 1 });
    expect((await gateway.call(path, { body })).status).toBe(200);
    expect(await budgetOf(token)).toBeUndefined();
    for (const [rest, of] of [
      ['/team/delete', { team_ids: ['t'] }],
      ['/user/delete', { user_ids: ['u'] }],
    ] as const) {
      await gateway.call(rest, { body: of });
    }
  });

  test('a budget is reset once, by whoever comes first, also after days in which nothing ran', async () => {
    const { token } = await generate({ max_budget: 1, budget_duration: '1d' });
    await store({ token, spend: 1, endTime: now });
    await expect(ledgerAt(now).ask(token, 0.5)).rejects.toThrow('Current cost: 1, Max budget: 1');
    const later = START + 80 * HOUR;
    const asked = await Promise.all([1, 2, 3, 4].map(() => ledgerAt(later).ask(token, 0.25)));
    expect(asked).toHaveLength(4);
    expect(await budgetOf(token)).toMatchObject({
      spent_pico: '0',
      leased_pico: String(USD),
      resets_at: new Date('2026-11-25T00:00:00Z'),
    });
    expect(await infoOf(token)).toMatchObject({ spend: 0, budget_reset_at: '2026-11-25T00:00:00.000Z' });
  });

  test('what a dead process held is free once its rows are stored and its time is over, exactly the remainder', async () => {
    const { token } = await generate({ max_budget: 1 });
    const dead = ledgerAt(now);
    await dead.store.heartbeat(now + 15_000);
    const finished = await dead.ask(token, 0.25);
    await dead.ask(token, 0.5);
    const charges = finished.settle(picoFromUsd(0.125));
    const living = ledgerAt(now);
    const leased = async () => BigInt((await budgetOf(token)).leased_pico);

    await living.store.sweep(now + 60_000);
    expect(await leased()).toBe((3n * USD) / 4n);
    const callId = randomUUID();
    await insertSpendLogs(gateway.db, [
      spendRecord({
        requestId: callId,
        callId,
        apiKey: token,
        spend: picoFromUsd(0.125),
        charges,
        endTime: now,
      }),
    ]);
    await adoptProcesses(gateway.db, [dead.ledger.processId]);
    await living.store.sweep(now + 14_000);
    expect(await leased()).toBe((5n * USD) / 8n);
    await Promise.all([1, 2, 3].map(() => living.store.sweep(now + 15_000)));
    expect(await leased()).toBe(0n);
    expect((await living.ask(token, 0.875)).amount).toBe(picoFromUsd(0.875));
  });

  test('a call counts in the period in which it ended, whenever its row is stored', async () => {
    const midnight = Date.UTC(2026, 10, 22);
    const { token } = await generate({ max_budget: 8, budget_duration: '1d' });
    const { store: budgets } = ledgerAt(now);
    await store({ token, spend: 1, endTime: midnight - 1 });
    // Ended in the new day, stored before anybody has noticed it.
    await store({ token, spend: 2, endTime: midnight });
    expect(await infoOf(token)).toMatchObject({ spend: 3 });
    await budgets.sweep(midnight + 1000);
    expect(await infoOf(token)).toMatchObject({ spend: 2 });
    // Ended yesterday, stored today.
    await store({ token, spend: 4, endTime: midnight - 1 });
    expect(await budgetOf(token)).toMatchObject({ spent_pico: String(2n * USD) });
    expect(await infoOf(token)).toMatchObject({ spend: 2 });
  });

  test('money that was reserved before the reset and is spent after it counts after it', async () => {
    const midnight = Date.UTC(2026, 10, 22);
    const { token } = await generate({ max_budget: 1, budget_duration: '1d' });
    const { ask, store: budgets } = ledgerAt(now);
    const reservation = await ask(token, 0.75);
    await budgets.sweep(midnight + 1000);
    expect(await budgetOf(token)).toMatchObject({ spent_pico: '0', leased_pico: String(picoFromUsd(0.75)) });
    const charges = reservation.settle(picoFromUsd(0.625));
    const callId = randomUUID();
    const endTime = midnight + 2000;
    await insertSpendLogs(gateway.db, [
      spendRecord({ requestId: callId, apiKey: token, spend: picoFromUsd(0.625), charges, endTime }),
    ]);
    expect(await budgetOf(token)).toMatchObject({ spent_pico: String(picoFromUsd(0.625)) });
  });
});
