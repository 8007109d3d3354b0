/** Budgets of owners in LiteLLM's columns and as they are enforced: one follows the other, whoever writes there. */
import { randomUUID } from 'node:crypto';
import type { PoolClient } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  insertSpendLogs,
  Ledger,
  PostgresBudgets,
  picoFromUsd,
  type SpendRecord,
} from '../../gateway/index.ts';
import { type AdminGateway, inUtc, startAdminGateway } from '../harness/admin-gateway.ts';
import { ManualTimers } from '../harness/manual-timers.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';
import { spendRecord } from '../harness/spend-record.ts';

/** A Saturday noon. */
const NOW = Date.UTC(2026, 10, 21, 12);
const DAY = 86_400_000;

let server: PostgresServer;
let gateway: AdminGateway;
/** Of each test, so that they do not meet. */
let id: string;

beforeAll(async () => {
  server = await startPostgres({ major: 17 });
  gateway = await startAdminGateway(await server.createDatabase(), { clock: () => NOW });
});
afterAll(async () => {
  await gateway?.close();
  await server.stop();
});
beforeEach(() => {
  id = randomUUID();
});

async function done(path: string, body: object, method?: 'PATCH' | 'DELETE') {
  const answer = await gateway.call(path, { body, ...(method && { method }) });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}
const query = async (text: string, ...values: unknown[]) => (await gateway.db.query(text, values)).rows;
const budgetsOf = async (key: string): Promise<string[]> =>
  (await gateway.call('/v1/models', { key })).body.budgets;
const budget = async (scope: string) =>
  (await query('SELECT * FROM budget_state WHERE scope = $1', scope))[0] ?? null;
const usd = (amount: number): string => String(picoFromUsd(amount));
const spend = (call: Partial<SpendRecord>) =>
  insertSpendLogs(gateway.db, [spendRecord({ userId: null, endTime: NOW, ...call })]);
const sweep = (now: number) =>
  new PostgresBudgets({ db: gateway.db, processId: randomUUID(), nextReset: inUtc }).sweep(now);

/** Asks the budgets, as a call would. */
async function reserve(scopes: readonly string[], amount: number): Promise<void> {
  const processId = randomUUID();
  const store = new PostgresBudgets({ db: gateway.db, processId, nextReset: inUtc });
  const timers = new ManualTimers(NOW, async () => undefined);
  const ledger = new Ledger({ store, processId, timers, logger: { warn: () => undefined } as never });
  const bound = picoFromUsd(amount);
  const held = await ledger.reserve({
    scopes,
    enforcement: 'strict',
    bound,
    minimum: bound,
    patient: true,
  });
  held.release();
  await ledger.close();
}

describe('a call', () => {
  test('comes out of the budgets of all whom its key acts for, in the order in which they are looked at', async () => {
    await done('/budget/new', { budget_id: id, max_budget: 4 });
    await query(
      `INSERT INTO "LiteLLM_OrganizationTable" (organization_id, organization_alias, budget_id, created_by, updated_by)
       VALUES ($1, 'x', $1, 'x', 'x')`,
      id,
    );
    await done('/user/new', { user_id: id, max_budget: 5, auto_create_key: false });
    await done('/team/new', {
      team_id: id,
      organization_id: id,
      max_budget: 3,
      team_member_budget: 2,
      members_with_roles: [{ role: 'user', user_id: id }],
    });
    const { key, token } = await done('/key/generate', { team_id: id, user_id: id, max_budget: 1 });
    const member = `team_member:${JSON.stringify([id, id])}`;
    const scopes = [`key:${token}`, `team:${id}`, `organization:${id}`, member];
    expect(await budgetsOf(key)).toEqual(scopes);
    const personal = await done('/key/generate', { user_id: id });
    expect(await budgetsOf(personal.key)).toEqual([`user:${id}`]);

    // Each is used up in turn: the first that has no room is the one that is named.
    const call = { apiKey: token, teamId: id, organizationId: id, userId: id };
    await spend({ ...call, spend: picoFromUsd(2) });
    await expect(reserve(scopes, 1)).rejects.toThrow('Budget has been exceeded! Current cost: 2');
    await done('/key/update', { key, max_budget: 10 });
    await expect(reserve(scopes, 1)).rejects.toThrow(`User=${id} in Team=${id} Current cost: 2`);
    await done('/team/update', { team_id: id, max_budget: 2 });
    await expect(reserve(scopes, 1)).rejects.toThrow(`Team=${id} Current cost: 2, Max budget: 2`);
  });

  test('is counted exactly for whom it was made, whether they have a budget or not', async () => {
    await done('/user/new', { user_id: id, auto_create_key: false });
    await done('/team/new', { team_id: id, members_with_roles: [{ role: 'user', user_id: id }] });
    const { token } = await done('/key/generate', { team_id: id, user_id: id });
    const call = { apiKey: token, teamId: id, userId: id, endUser: id, spend: picoFromUsd(0.1) };
    for (let batch = 0; batch < 3; batch++) await spend(call);
    const exact = { spend: 0.3 };
    expect((await gateway.call(`/team/info?team_id=${id}`)).body).toMatchObject({
      team_info: exact,
      keys: [exact],
      team_memberships: expect.arrayContaining([expect.objectContaining({ user_id: id, ...exact })]),
    });
    expect((await gateway.call(`/user/info?user_id=${id}`)).body.user_info).toMatchObject(exact);
    expect((await gateway.call(`/customer/info?end_user_id=${id}`)).body).toMatchObject(exact);
    const [membership] = await query(
      'SELECT spend, total_spend FROM "LiteLLM_TeamMembership" WHERE user_id = $1',
      id,
    );
    expect(membership.total_spend).toBeCloseTo(0.3, 12);
  });

  test.each(['a'.repeat(257), 'no\u0000name'])('that names no possible customer makes none', async (name) => {
    await spend({ endUser: name, rowId: id });
    expect(
      await query('SELECT 1 FROM "LiteLLM_EndUserTable" WHERE left(user_id, 2) = left($1, 2)', 'aa'),
    ).toEqual([]);
    expect(await query('SELECT 1 FROM "LiteLLM_SpendLogs" WHERE litellm_row_id = $1', id)).toHaveLength(1);
  });

  test('of batches that name the same owners in any order is counted while budgets change', async () => {
    const ids = Array.from({ length: 6 }, (_, at) => `${id}-${at}`);
    for (const team_id of ids) await done('/team/new', { team_id, max_budget: 100 });
    const batch = (from: number) =>
      insertSpendLogs(
        gateway.db,
        ids.map((_, at) =>
          spendRecord({ userId: null, teamId: ids[(at + from) % 6] as string, spend: picoFromUsd(0.1) }),
        ),
      );
    await Promise.all([
      ...ids.map((_, from) => batch(from)),
      ...ids.map((team_id) => done('/team/update', { team_id, max_budget: 50 })),
    ]);
    for (const team of ids) {
      expect(await budget(`team:${team}`)).toMatchObject({ spent_pico: usd(0.6), limit_pico: usd(50) });
    }
  });
});

describe('what another program has written', () => {
  test.each([
    ['a team', 'LiteLLM_TeamTable', 'team_id', { team_id: true }],
    ['a user', 'LiteLLM_UserTable', 'user_id', { user_id: true }],
  ])('about %s is followed when a key is looked up', async (_whose, table, column, owner) => {
    await query(
      `INSERT INTO "${table}" (${column}, max_budget, spend, budget_duration, budget_reset_at)
       VALUES ($1, 4, 1.5, '1d', '2026-11-21 18:00')`,
      id,
    );
    const named = Object.fromEntries(Object.keys(owner).map((field) => [field, id]));
    const { key } = await done('/key/generate', named);
    const [scope = ''] = await budgetsOf(key);
    expect(await budget(scope)).toMatchObject({
      limit_pico: usd(4),
      spent_pico: usd(1.5),
      resets_at: new Date('2026-11-21T18:00:00Z'),
    });
  });

  test('is not lost when its reset was due before anybody was counted', async () => {
    await done('/budget/new', { budget_id: id, max_budget: 1, budget_duration: '1d' });
    await query('INSERT INTO "LiteLLM_EndUserTable" (user_id, spend, budget_id) VALUES ($1, 1, $1)', id);
    await sweep(NOW + DAY);
    const [row] = await query(
      `SELECT u.spend, b.budget_reset_at FROM "LiteLLM_EndUserTable" u JOIN "LiteLLM_BudgetTable" b USING (budget_id)
       WHERE user_id = $1`,
      id,
    );
    expect(row).toEqual({ spend: 0, budget_reset_at: new Date('2026-11-23T00:00:00Z') });
    expect(await budget(`end_user:${id}`)).toMatchObject({ spent_pico: '0' });
  });
});

test('a period that has begun is not begun again by a budget that has not heard of it', async () => {
  await done('/budget/new', { budget_id: id, max_budget: 1, budget_duration: '1d' });
  await done('/customer/new', { user_id: id, budget_id: id });
  await query("UPDATE budget_state SET resets_at = '2026-11-22' WHERE scope = $1", `end_user:${id}`);
  await query('UPDATE "LiteLLM_BudgetTable" SET budget_reset_at = \'2026-11-21\' WHERE budget_id = $1', id);
  await done('/budget/update', { budget_id: id, max_budget: 2 });
  expect(await budget(`end_user:${id}`)).toMatchObject({
    limit_pico: usd(2),
    resets_at: new Date('2026-11-22T00:00:00Z'),
  });
});

describe('a reset that is due, and that nobody has noticed yet, is not lost by', () => {
  const late = new Date(NOW - 1000).toISOString();
  /** Two dollars spent in the period that is over, and a quarter of one since then, of somebody who is called so. */
  async function spentBefore(scope: string, call: Partial<SpendRecord>) {
    await spend({ ...call, spend: picoFromUsd(2), endTime: NOW - 2000 });
    await query(
      "UPDATE budget_state SET resets_at = $2, period_start = '2026-11-20' WHERE scope = $1",
      scope,
      late,
    );
    await spend({ ...call, spend: picoFromUsd(0.25) });
    expect(await budget(scope)).toMatchObject({ spent_pico: usd(2), spent_next_pico: usd(0.25) });
  }
  const anew = {
    spent_pico: usd(0.25),
    spent_next_pico: '0',
    period_start: new Date(late),
    duration: '7d',
    resets_at: new Date('2026-11-23T00:00:00Z'),
  };
  const daily = { max_budget: 1, budget_duration: '1d' };

  test('a new duration of a team', async () => {
    await done('/team/new', { team_id: id, ...daily });
    await spentBefore(`team:${id}`, { teamId: id });
    const { data } = await done('/team/update', { team_id: id, budget_duration: '7d' });
    expect(data).toMatchObject({ spend: 0.25, budget_reset_at: '2026-11-23T00:00:00.000Z' });
    expect(await budget(`team:${id}`)).toMatchObject(anew);
  });

  test('the same duration, sent again', async () => {
    await done('/team/new', { team_id: id, ...daily, budget_duration: '7d' });
    await spentBefore(`team:${id}`, { teamId: id });
    await done('/team/update', { team_id: id, budget_duration: '7d' });
    expect(await budget(`team:${id}`)).toMatchObject(anew);
  });

  test('a new duration of a user, or none', async () => {
    await done('/user/new', { user_id: id, auto_create_key: false, ...daily });
    await spentBefore(`user:${id}`, { userId: id });
    const { data } = await done('/user/update', { user_id: id, budget_duration: '7d' });
    expect(data).toMatchObject({ spend: 0.25, budget_reset_at: '2026-11-23T00:00:00.000Z' });
    expect(await budget(`user:${id}`)).toMatchObject(anew);
    await query('UPDATE budget_state SET resets_at = $2 WHERE scope = $1', `user:${id}`, late);
    await done('/user/update', { user_id: id, budget_duration: null });
    expect(await budget(`user:${id}`)).toMatchObject({ spent_pico: '0', duration: null, resets_at: null });
  });

  test('a new duration of a key, and of its budget for a model', async () => {
    const model = (budget_duration: string) => ({
      model_max_budget: { m: { max_budget: 1, budget_duration } },
    });
    const { key, token } = await done('/key/generate', { ...daily, ...model('1d') });
    const part = `model:${JSON.stringify(['m', `key:${token}`])}`;
    await query('UPDATE budget_state SET resets_at = $2 WHERE scope = $1', part, late);
    await spentBefore(`key:${token}`, { apiKey: token, modelGroup: 'm' });
    const updated = await done('/key/update', { key, budget_duration: '7d', ...model('7d') });
    expect(updated).toMatchObject({ spend: 0.25, budget_reset_at: '2026-11-23T00:00:00.000Z' });
    expect(await budget(`key:${token}`)).toMatchObject(anew);
    const { period_start: _start, ...ofPart } = anew;
    expect(await budget(part)).toMatchObject(ofPart);
  });

  test('a new duration of the budget that a customer is linked to, also of one who was never counted', async () => {
    const other = `${id}-taken-over`;
    await done('/budget/new', { budget_id: id, ...daily });
    await done('/customer/new', { user_id: id, budget_id: id });
    await query(
      'INSERT INTO "LiteLLM_EndUserTable" (user_id, spend, budget_id) VALUES ($2, 3, $1)',
      id,
      other,
    );
    await spentBefore(`end_user:${id}`, { endUser: id });
    await query('UPDATE "LiteLLM_BudgetTable" SET budget_reset_at = $2 WHERE budget_id = $1', id, late);
    await done('/budget/update', { budget_id: id, budget_duration: '7d' });
    expect(await budget(`end_user:${id}`)).toMatchObject(anew);
    expect(await budget(`end_user:${other}`)).toMatchObject({ ...anew, spent_pico: '0' });
    expect((await gateway.call(`/customer/info?end_user_id=${other}`)).body.spend).toBe(0);
  });

  test('a new limit, and the end of the period that has begun is shown', async () => {
    await done('/team/new', { team_id: id, ...daily, budget_duration: '7d' });
    await query('UPDATE "LiteLLM_TeamTable" SET budget_reset_at = $2 WHERE team_id = $1', id, late);
    await spentBefore(`team:${id}`, { teamId: id });
    const { data } = await done('/team/update', { team_id: id, max_budget: 5 });
    expect(data).toMatchObject({ spend: 0.25, budget_reset_at: '2026-11-23T00:00:00.000Z' });
    expect(await budget(`team:${id}`)).toMatchObject({ ...anew, limit_pico: usd(5) });
  });
});

test('a member may have a budget of its own, and goes back to that of all members', async () => {
  const [team_id, user_id] = [id, `${id}-user`];
  await done('/team/new', {
    team_id,
    team_member_budget: 3,
    team_member_budget_duration: '1d',
    metadata: { a: 1 },
  });
  const added = await done('/team/member_add', {
    team_id,
    member: { role: 'user', user_id },
    max_budget_in_team: 7,
  });
  expect(added.updated_team_memberships).toMatchObject([{ litellm_budget_table: { max_budget: 7 } }]);
  const { key } = await done('/key/generate', { team_id, user_id });
  const [scope = ''] = await budgetsOf(key);
  expect(await budget(scope)).toMatchObject({ limit_pico: usd(7), resets_at: null });
  expect(await done('/team/member_update', { team_id, user_id, max_budget_in_team: 9 })).toMatchObject({
    max_budget_in_team: 9,
  });
  expect(await budget(scope)).toMatchObject({ limit_pico: usd(9) });
  expect(await done('/team/member_update', { team_id, user_id, max_budget_in_team: null })).toMatchObject({
    max_budget_in_team: 3,
  });
  expect(await budget(scope)).toMatchObject({
    limit_pico: usd(3),
    resets_at: new Date('2026-11-22T00:00:00Z'),
  });
  // Other metadata leave it alone, and nobody names another budget there.
  await done('/team/update', { team_id, metadata: { b: 2 }, team_member_budget: 4 });
  const { team_info } = (await gateway.call(`/team/info?team_id=${team_id}`)).body;
  expect(team_info).toMatchObject({ metadata: { b: 2 }, team_member_budget_table: { max_budget: 4 } });
  expect(team_info.metadata.a).toBeUndefined();
  const named = { team_id, metadata: { team_member_budget_id: 'another' } };
  expect((await gateway.call('/team/update', { body: named })).status).toBe(400);
  await done('/team/member_delete', { team_id, user_id });
  expect(await budget(scope)).toBeNull();
});

test('budget and limits of a member stand in one row, and a change of one leaves the other', async () => {
  const [team_id, user_id] = [id, `${id}-user`];
  await done('/team/new', {
    team_id,
    team_member_budget: 3,
    team_member_budget_duration: '1d',
    team_member_rpm_limit: 50,
    members_with_roles: [{ role: 'user', user_id }],
  });
  const { key } = await done('/key/generate', { team_id, user_id });
  const [scope = ''] = await budgetsOf(key);
  const update = (fields: object) => done('/team/member_update', { team_id, user_id, ...fields });
  const held = { limit_pico: usd(3), resets_at: new Date('2026-11-22T00:00:00Z') };
  expect(await update({})).toMatchObject({ max_budget_in_team: 3, rpm_limit: 50, tpm_limit: null });
  expect(await update({ rpm_limit: 9 })).toMatchObject({ max_budget_in_team: 3, rpm_limit: 9 });
  expect(await budget(scope)).toMatchObject(held);
  expect(await update({ max_budget_in_team: 7 })).toMatchObject({ max_budget_in_team: 7, rpm_limit: 9 });
  expect(await update({ max_budget_in_team: null })).toMatchObject({ max_budget_in_team: 3, rpm_limit: 9 });
  expect(await budget(scope)).toMatchObject(held);
  // What all members have is not its own any more, before it differs in nothing from them.
  await done('/team/update', { team_id, team_member_rpm_limit: 60 });
  expect(await update({ rpm_limit: 60, max_budget_in_team: null })).toMatchObject({ rpm_limit: 60 });
  await done('/team/update', { team_id, team_member_rpm_limit: 70, team_member_budget: 4 });
  expect(await update({})).toMatchObject({ max_budget_in_team: 4, rpm_limit: 70 });
  expect(await budget(scope)).toMatchObject({ limit_pico: usd(4) });
});

test('what was spent is set for users and customers, in the row and in the budget', async () => {
  await done('/user/new', { user_id: id, max_budget: 8, auto_create_key: false });
  await done('/customer/new', { user_id: id, max_budget: 8 });
  await spend({ userId: id, endUser: id, spend: picoFromUsd(3) });
  await done('/user/update', { user_id: id, spend: 1.25 });
  await done('/customer/update', { user_id: id, spend: 2.25 });
  await spend({ userId: id, endUser: id, spend: picoFromUsd(0.5) });
  expect(await budget(`user:${id}`)).toMatchObject({ spent_pico: usd(1.75) });
  expect(await budget(`end_user:${id}`)).toMatchObject({ spent_pico: usd(2.75) });
  expect((await gateway.call(`/user/info?user_id=${id}`)).body.user_info.spend).toBe(1.75);
});

test('a customer may be made with nothing to spend; an update to nothing changes nothing, as in LiteLLM', async () => {
  const made = await done('/customer/new', { user_id: id, max_budget: 0 });
  expect(made.litellm_budget_table).toMatchObject({ max_budget: 0 });
  await done('/customer/update', { user_id: id, max_budget: 3 });
  const updated = await done('/customer/update', { user_id: id, max_budget: 0 });
  expect(updated.litellm_budget_table).toMatchObject({ max_budget: 3 });
});

describe('a budget that others are linked to', () => {
  test('fills what a key lacks, and a limit of the key itself wins', async () => {
    await done('/budget/new', { budget_id: id, max_budget: 5, budget_duration: '1d' });
    const { key, token } = await done('/key/generate', { budget_id: id });
    expect((await gateway.call(`/key/info?key=${token}`)).body.info).toMatchObject({
      max_budget: null,
      budget_id: id,
      litellm_budget_table: { max_budget: 5 },
    });
    expect(await budget(`key:${token}`)).toMatchObject({ limit_pico: usd(5), duration: '1d' });
    await done('/key/update', { key, max_budget: 2 });
    expect(await budget(`key:${token}`)).toMatchObject({ limit_pico: usd(2), duration: '1d' });
    await done('/key/update', { key, max_budget: null });
    expect(await budget(`key:${token}`)).toMatchObject({ limit_pico: usd(5) });
    await done('/key/update', { key, budget_id: null });
    expect(await budgetsOf(key)).toEqual([]);
  });

  test('that says more than is kept of a customer is not linked to, and does not come to say it', async () => {
    await done('/budget/new', { budget_id: id, max_budget: 5, model_max_budget: { m: { max_budget: 4 } } });
    const more = { budget_id: id, model_max_budget: { m: { max_budget: 1, rpm_limit: 5 } } };
    const param = 'model_max_budget.m.rpm_limit';
    expect((await gateway.call('/budget/update', { body: more })).status).toBe(400);
    await query(
      `UPDATE "LiteLLM_BudgetTable" SET model_max_budget = '{"m": {"max_budget": 1, "rpm_limit": 5}}' WHERE budget_id = $1`,
      id,
    );
    const linked = await gateway.call('/customer/new', { body: { user_id: id, budget_id: id } });
    expect(linked).toMatchObject({ status: 400, body: { error: { param } } });
  });

  test('limits nobody any more when it is deleted, unless an organisation has to have it', async () => {
    await done('/budget/new', { budget_id: id, max_budget: 5 });
    const { key } = await done('/key/generate', { budget_id: id });
    expect(await budgetsOf(key)).toHaveLength(1);
    await done('/budget/delete', { id });
    expect(await budgetsOf(key)).toEqual([]);
    await done('/budget/new', { budget_id: id, max_budget: 5 });
    await query(
      `INSERT INTO "LiteLLM_OrganizationTable" (organization_id, organization_alias, budget_id, created_by, updated_by)
       VALUES ($1, 'x', $1, 'x', 'x')`,
      id,
    );
    expect((await gateway.call('/budget/delete', { body: { id } })).status).toBe(400);
  });
});

test.each([
  ['a budget that nobody has', '/key/generate', { budget_id: 'nowhere' }, 400],
  ['a negative budget', '/team/new', { max_budget: -1 }, 400],
  ['an unreadable duration', '/team/new', { max_budget: 1, budget_duration: 'often' }, 400],
  ['a negative budget', '/user/new', { max_budget: -1 }, 400],
  ['a budget that is a text', '/user/new', { max_budget: 'ten' }, 422],
  [
    'a budget that is named and described',
    '/customer/new',
    { user_id: 'c', budget_id: 'b', max_budget: 1 },
    422,
  ],
  [
    'a limit beside a budget that is named',
    '/customer/new',
    { user_id: 'c', budget_id: 'b', rpm_limit: 1 },
    422,
  ],
  ['a budget that nobody has', '/customer/new', { user_id: 'c', budget_id: 'nowhere' }, 400],
  [
    'a change of the gateway’s own row',
    '/user/update',
    { user_id: 'litellm-proxy-budget', max_budget: 1 },
    400,
  ],
])('%s is refused by %s', async (_what, path, body, status) => {
  expect((await gateway.call(path, { body })).status).toBe(status);
});

test.each([
  ['/team/delete', () => ({ team_ids: [id] }), () => [`team:${id}`, `team_member:["${id}","${id}"]`]],
  ['/user/delete', () => ({ user_ids: [id] }), () => [`user:${id}`, `team_member:["${id}","${id}"]`]],
  ['/customer/delete', () => ({ user_ids: [id] }), () => [`end_user:${id}`]],
])('whoever goes with %s leaves no budget', async (path, body, scopes) => {
  await done('/user/new', { user_id: id, auto_create_key: false });
  await done('/team/new', { team_id: id, members_with_roles: [{ role: 'user', user_id: id }] });
  await spend({ userId: id, teamId: id, endUser: id });
  for (const scope of scopes()) expect(await budget(scope)).not.toBeNull();
  await done(path, body());
  for (const scope of scopes()) expect(await budget(scope)).toBeNull();
});

/** Begins work that has to wait for a lock that is held, and looks about while it waits. */
async function meetingLock<T>(
  [text, locked]: readonly [string, string],
  begin: () => Promise<T>,
  look: (holder: PoolClient) => Promise<void>,
): Promise<T> {
  const holder = await gateway.db.connect();
  try {
    await holder.query('BEGIN');
    await holder.query(text, [locked]);
    const working = begin();
    const waiting = () =>
      query("SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'");
    await expect.poll(waiting, { timeout: 10_000 }).toHaveLength(1);
    await look(holder);
    await holder.query('COMMIT');
    return await working;
  } finally {
    // What is committed already, it leaves.
    await holder.query('ROLLBACK');
    holder.release();
  }
}

describe('a member of an organisation', () => {
  const scopeOf = (user: string) => `organization_member:${JSON.stringify([id, user])}`;
  const add = async (...users: string[]) => {
    await done('/organization/new', { organization_alias: 'x', organization_id: id });
    const member = users.map((user_id) => ({ role: 'internal_user', user_id }));
    return done('/organization/member_add', { organization_id: id, member });
  };
  const limit = (user_id: string, max_budget_in_organization: number | null) =>
    done(
      '/organization/member_update',
      { organization_id: id, user_id, max_budget_in_organization },
      'PATCH',
    );
  const keyOf = async (user_id: string) =>
    (await done('/key/generate', { organization_id: id, user_id })).key;

  test('is held to a budget of its own, which can be taken away, and what it spends is counted without one', async () => {
    expect(await add('ann')).toMatchObject({
      updated_organization_memberships: [{ user_id: 'ann', budget_id: null, litellm_budget_table: null }],
    });
    const key = await keyOf('ann');
    expect(await budgetsOf(key)).toEqual([]);
    await spend({ userId: 'ann', organizationId: id, spend: picoFromUsd(0.5) });
    expect(await limit('ann', 4)).toMatchObject({
      updated_organization_memberships: [{ spend: 0.5, litellm_budget_table: { max_budget: 4 } }],
    });
    expect(await budgetsOf(key)).toEqual([scopeOf('ann')]);
    expect(await budget(scopeOf('ann'))).toMatchObject({ limit_pico: usd(4), spent_pico: usd(0.5) });
    await expect(reserve([scopeOf('ann')], 3.6)).rejects.toThrow(
      `User=ann in Organization=${id} Current cost`,
    );
    const { members } = (await gateway.call(`/organization/info?organization_id=${id}`)).body;
    expect(members).toMatchObject([{ user_id: 'ann', spend: 0.5, litellm_budget_table: { max_budget: 4 } }]);
    await limit('ann', null);
    expect(await budgetsOf(key)).toEqual([]);
    await reserve([scopeOf('ann')], 100);
  });

  test('has a count of its own where LiteLLM has given several one budget, and leaves that to the others', async () => {
    await add('bea', 'cem');
    await done('/budget/new', { budget_id: id, max_budget: 4, budget_duration: '1d' });
    await query('UPDATE "LiteLLM_OrganizationMembership" SET budget_id = $1 WHERE organization_id = $1', id);
    const [beas, cems] = [await keyOf('bea'), await keyOf('cem')];
    expect([await budgetsOf(beas), await budgetsOf(cems)]).toEqual([[scopeOf('bea')], [scopeOf('cem')]]);
    await spend({ userId: 'bea', organizationId: id, spend: picoFromUsd(1) });
    const resets_at = (await budget(scopeOf('bea'))).resets_at;
    await limit('bea', 2);
    expect(await budget(scopeOf('bea'))).toMatchObject({ limit_pico: usd(2), spent_pico: usd(1), resets_at });
    expect(await budget(scopeOf('cem'))).toMatchObject({ limit_pico: usd(4), spent_pico: '0' });
    await done('/budget/update', { budget_id: id, max_budget: 9 });
    expect(await budget(scopeOf('bea'))).toMatchObject({ limit_pico: usd(2) });
    expect(await budget(scopeOf('cem'))).toMatchObject({ limit_pico: usd(9) });
    for (const user of ['bea', 'cem']) await limit(user, null);
    expect([await budgetsOf(beas), await budgetsOf(cems)]).toEqual([[], []]);
  });

  test('keeps what else a shared budget says of it when the amount is taken away', async () => {
    await add('gil', 'hal');
    await done('/budget/new', { budget_id: id, max_budget: 4, model_max_budget: { gpt: { max_budget: 1 } } });
    await query('UPDATE "LiteLLM_OrganizationMembership" SET budget_id = $1 WHERE organization_id = $1', id);
    const key = await keyOf('gil');
    const [whole, ofModel] = await budgetsOf(key);
    expect(whole).toBe(scopeOf('gil'));
    expect(await limit('gil', null)).toMatchObject({
      updated_organization_memberships: [
        { litellm_budget_table: { max_budget: null, model_max_budget: { gpt: { max_budget: 1 } } } },
      ],
    });
    expect(await budgetsOf(key)).toEqual([ofModel]);
    expect(await budgetsOf(await keyOf('hal'))).toContain(scopeOf('hal'));
  });

  test.each([
    ['adds somebody', '/organization/member_add', undefined],
    ['changes what somebody may spend', '/organization/member_update', 'PATCH'],
  ] as const)('is locked with its organisation before its address by who %s', async (_what, path, method) => {
    await add('ivy');
    await query(
      'UPDATE "LiteLLM_UserTable" SET user_email = $1 WHERE user_id = $2',
      `${id}@example.com`,
      'ivy',
    );
    const person = { user_email: `${id}@example.com` };
    const body = {
      organization_id: id,
      max_budget_in_organization: 2,
      ...(method ? person : { member: { role: 'internal_user', ...person } }),
    };
    const answer = await meetingLock(
      ['SELECT FROM "LiteLLM_OrganizationTable" WHERE organization_id = $1 FOR UPDATE', id],
      () => gateway.call(path, { body, ...(method && { method }) }),
      async () => {
        expect(await query("SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted")).toEqual([]);
      },
    );
    expect(answer.status).toBe(method ? 200 : 400);
  });

  test('is locked before the teams of an organisation that is deleted, as by who deletes its user', async () => {
    await add('jo');
    const { team_id } = await done('/team/new', { organization_id: id });
    await meetingLock(
      ['SELECT FROM "LiteLLM_OrganizationMembership" WHERE organization_id = $1 FOR NO KEY UPDATE', id],
      () => done('/organization/delete', { organization_ids: [id] }, 'DELETE'),
      async (holder) => {
        const held = 'SELECT FROM "LiteLLM_TeamTable" WHERE team_id = $1 FOR UPDATE NOWAIT';
        expect((await holder.query(held, [team_id])).rowCount).toBe(1);
      },
    );
  });

  test('waits for its budget before it holds the organisation, as whoever moves budgets on does', async () => {
    await add('fay');
    await limit('fay', 1);
    const [{ budget_id }] = await query(
      'SELECT budget_id FROM "LiteLLM_OrganizationMembership" WHERE organization_id = $1',
      id,
    );
    await meetingLock(
      ['SELECT FROM "LiteLLM_BudgetTable" WHERE budget_id = $1 FOR UPDATE', budget_id],
      () => limit('fay', 2),
      async (holder) => {
        const held = 'SELECT FROM "LiteLLM_OrganizationTable" WHERE organization_id = $1 FOR UPDATE NOWAIT';
        expect((await holder.query(held, [id])).rowCount).toBe(1);
      },
    );
  });

  test('is given one by who runs the organisation, who gives himself none', async () => {
    const boss = `${id}-boss`;
    await add('dan');
    const member = { role: 'org_admin', user_id: boss };
    await done('/organization/member_add', { organization_id: id, member, max_budget_in_organization: 3 });
    const { key } = await done('/key/generate', { user_id: boss });
    const ask = (user_id: string, usd: number | null) =>
      gateway.call('/organization/member_update', {
        key,
        method: 'PATCH',
        body: { organization_id: id, user_id, max_budget_in_organization: usd },
      });
    expect((await ask('dan', 1)).status).toBe(200);
    expect((await ask(boss, null)).status).toBe(403);
    expect((await ask(boss, 5)).status).toBe(403);
    // Nor does another give it to him, whom he makes one who runs the organisation too.
    const friend = `${id}-friend`;
    await done('/organization/member_add', {
      organization_id: id,
      member: { role: 'org_admin', user_id: friend },
    });
    const { key: friends } = await done('/key/generate', { user_id: friend });
    for (const [param, change] of [
      ['max_budget_in_organization', { max_budget_in_organization: 5 }],
      ['max_budget_in_organization', { max_budget_in_organization: 5, role: 'internal_user' }],
      ['role', { role: 'internal_user' }],
    ] as const) {
      const body = { organization_id: id, user_id: boss, ...change };
      const refused = await gateway.call('/organization/member_update', {
        key: friends,
        method: 'PATCH',
        body,
      });
      expect(refused.status).toBe(403);
      expect(refused.body.detail.error).toContain(`'${param}' of a member who runs the organisation`);
    }
    expect((await ask('dan', -1)).status).toBe(400);
    expect((await ask('nobody-here', 1)).status).toBe(400);
  });

  test.each([
    ['/organization/member_delete', 'DELETE', () => ({ organization_id: id, user_id: id })],
    ['/organization/delete', 'DELETE', () => ({ organization_ids: [id] })],
    ['/user/delete', undefined, () => ({ user_ids: [id] })],
  ] as const)('leaves no budget that goes with %s', async (path, method, body) => {
    await add(id);
    await limit(id, 4);
    await spend({ userId: id, organizationId: id });
    expect(await budget(scopeOf(id))).not.toBeNull();
    await done(path, body(), method);
    expect(await budget(scopeOf(id))).toBeNull();
  });
});

test('who runs a team sets the budgets of others in it, and nobody one that holds himself', async () => {
  const other = `${id}-other`;
  await done('/user/new', { user_id: id, auto_create_key: false });
  await done('/team/new', {
    team_id: id,
    max_budget: 5,
    members_with_roles: [
      { role: 'admin', user_id: id },
      { role: 'user', user_id: other },
    ],
  });
  const { key } = await done('/key/generate', { user_id: id });
  const ask = (path: string, body: object) => gateway.call(path, { key, body });
  const inTeam = (user_id: string) =>
    ask('/team/member_update', { team_id: id, user_id, max_budget_in_team: 2 });
  expect(await inTeam(other)).toMatchObject({ status: 200, body: { max_budget_in_team: 2 } });
  expect((await inTeam(id)).status).toBe(403);
  expect((await ask('/team/update', { team_id: id, team_member_budget: 1 })).status).toBe(403);
  const refused = { status: 403, body: { error: { param: 'max_budget' } } };
  expect((await ask('/team/update', { team_id: id, max_budget: 9 })).status).toBe(403);
  expect(await ask('/user/update', { user_id: id, max_budget: 9 })).toMatchObject(refused);
});

test('a key whose user has a budget may make keys of this user: it binds them too', async () => {
  await done('/user/new', { user_id: id, max_budget: 1, auto_create_key: false });
  const { key } = await done('/key/generate', { user_id: id });
  expect((await gateway.call('/key/generate', { key, body: {} })).status).toBe(200);
});
