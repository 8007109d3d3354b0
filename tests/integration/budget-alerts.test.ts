/** That budgets are spent is told: written into the outbox with the spend, exactly once. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type AlertRules,
  alikeCalls,
  applySpend,
  insertSpendLogs,
  PostgresBudgets,
  picoFromUsd,
  type SpendRecord,
  setBudgets,
  transaction,
} from '../../gateway/index.ts';
import { type AdminGateway, inUtc, startAdminGateway } from '../harness/admin-gateway.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';
import { spendRecord } from '../harness/spend-record.ts';

/** A Saturday noon. */
const NOON = Date.UTC(2026, 10, 21, 12);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let server: PostgresServer;
let gateway: AdminGateway;
let now = NOON;
/** Of each test, so that they do not meet. */
let id: string;

const clock = (): number => now;
const alerts: AlertRules = { ttlMs: DAY, clock };

beforeAll(async () => {
  server = await startPostgres({ major: 17 });
  gateway = await startAdminGateway(await server.createDatabase(), { clock });
});
afterAll(async () => {
  await gateway?.close();
  await server?.stop();
});
beforeEach(async () => {
  now = NOON;
  id = randomUUID();
  await query('DELETE FROM alert_outbox');
});

const query = async (text: string, ...values: unknown[]) => (await gateway.db.query(text, values)).rows;

async function done(path: string, body: object) {
  const answer = await gateway.call(path, { body });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}

const call = ({ usd, ...more }: Partial<SpendRecord> & { usd: number }): SpendRecord =>
  spendRecord({ userId: null, endTime: now, spend: picoFromUsd(usd), ...more });
/** A moment later each time, so that what is told has an order. */
function spend(...calls: (Partial<SpendRecord> & { usd: number })[]) {
  now++;
  return insertSpendLogs(gateway.db, calls.map(call), { alerts });
}
const begin = () =>
  new PostgresBudgets({ db: gateway.db, processId: randomUUID(), nextReset: inUtc, alerts }).sweep(now);

/** What is in the outbox, the oldest first. */
async function told(): Promise<Record<string, unknown>[]> {
  const found = await query('SELECT body FROM alert_outbox ORDER BY created_at, event');
  return found.map(({ body }) => JSON.parse(body));
}
/** The same by percentage; `soft` for a soft budget. */
const levels = async () => (await told()).map(({ threshold_percent }) => threshold_percent ?? 'soft');

describe('a budget', () => {
  test('is told of when 85, 95 and 100 percent of it are spent, once each', async () => {
    const { token } = await done('/key/generate', { max_budget: 1 });
    const seen: unknown[] = [];
    for (const usd of [0.84, 0.009, 0.001, 0.09, 0.01, 0.04, 0.01, 5]) {
      await spend({ apiKey: token, usd });
      seen.push((await levels()).join());
    }
    expect(seen).toEqual(['', '', '85', '85', '85,95', '85,95', '85,95,100', '85,95,100']);
    expect(await told()).toMatchObject([
      { event: 'threshold_crossed', spend: 0.85, max_budget: 1, token },
      { event: 'threshold_crossed', spend: 0.95 },
      { event: 'budget_crossed', spend: 1 },
    ]);
  });

  test('of anybody is told of with what is known of whose it is', async () => {
    await done('/budget/new', { budget_id: id, max_budget: 1 });
    await query(
      `INSERT INTO "LiteLLM_OrganizationTable" (organization_id, organization_alias, budget_id, created_by, updated_by)
       VALUES ($1, 'x', $1, 'x', 'x')`,
      id,
    );
    const email = `${id}@example.com`;
    await done('/user/new', { user_id: id, user_email: email, max_budget: 1, auto_create_key: false });
    await query(
      'INSERT INTO "LiteLLM_OrganizationMembership" (organization_id, user_id, budget_id) VALUES ($1, $1, $1)',
      id,
    );
    await done('/team/new', {
      team_id: id,
      team_alias: 'Red',
      organization_id: id,
      max_budget: 1,
      team_member_budget: 1,
      members_with_roles: [{ role: 'user', user_id: id }],
      metadata: { soft_budget_alerting_emails: ['ops@example.com'] },
    });
    await done('/customer/new', { user_id: id, max_budget: 1 });
    const { key, token } = await done('/key/generate', {
      team_id: id,
      user_id: id,
      key_alias: id,
      max_budget: 1,
    });
    // Budgets that stand in other rows are known when they are first looked at.
    await gateway.call('/v1/models', { key });
    const scope = 'global:litellm-proxy-budget';
    await query(
      `INSERT INTO "LiteLLM_UserTable" (user_id) VALUES ('litellm-proxy-budget') ON CONFLICT DO NOTHING`,
    );
    const open = {
      scope,
      token: null,
      partOf: null,
      limit: picoFromUsd(1),
      increase: null,
      spent: 0n,
      duration: null,
      resetsAt: null,
    };
    await transaction(gateway.db, (db) => setBudgets(db, [open]));
    await spend({
      apiKey: token,
      teamId: id,
      organizationId: id,
      userId: id,
      endUser: id,
      usd: 1,
      charges: [{ scope, processId: randomUUID(), leased: 0n }],
    });
    const byGroup = new Map((await told()).map((event) => [event.event_group, event]));
    expect([...byGroup.keys()].sort()).toEqual([
      'end_user',
      'key',
      'organization',
      'organization_member',
      'proxy',
      'team',
      'team_member',
      'user',
    ]);
    const nobody = { token: null, key_alias: null, user_id: null, user_email: null, team_id: null };
    const team = { team_id: id, team_alias: 'Red', organization_id: id };
    const person = { user_id: id, user_email: email };
    expect(byGroup.get('key')).toMatchObject({ token, key_alias: id, ...team, ...person });
    expect(byGroup.get('team')).toMatchObject({ ...nobody, ...team, alert_emails: ['ops@example.com'] });
    expect(byGroup.get('team_member')).toMatchObject({ token: null, ...team, ...person });
    expect(byGroup.get('user')).toMatchObject({ token: null, team_id: null, ...person });
    expect(byGroup.get('organization')).toMatchObject({ ...nobody, organization_id: id, customer_id: null });
    expect(byGroup.get('organization_member')).toMatchObject({
      ...nobody,
      ...person,
      organization_id: id,
      event_message: expect.stringContaining('Organization Member Budget: '),
    });
    expect(byGroup.get('end_user')).toMatchObject({ ...nobody, customer_id: id, organization_id: null });
    expect(byGroup.get('proxy')).toMatchObject({
      ...nobody,
      event_message: expect.stringContaining('Proxy Budget: '),
    });
  });

  test('is told of exactly once however many store at the same time', async () => {
    const { token } = await done('/key/generate', { max_budget: 1 });
    await done('/team/new', { team_id: id, max_budget: 1, soft_budget: 0.5 });
    const batches = Array.from({ length: 40 }, () => spend({ apiKey: token, teamId: id, usd: 0.03 }));
    await Promise.all(batches);
    const counted = await query(
      `SELECT scope, event, body::json ->> 'threshold_percent' AS percent, count(*)::int AS times
       FROM alert_outbox GROUP BY 1, 2, 3 HAVING count(*) > 1`,
    );
    expect(counted).toEqual([]);
    expect((await levels()).filter((level) => level === 100)).toHaveLength(2);
  });

  test('is told of together with the spend, or not at all', async () => {
    const { token } = await done('/key/generate', { max_budget: 1 });
    const undone = transaction(gateway.db, async (db) => {
      await applySpend(db, alikeCalls([call({ apiKey: token, usd: 1 })]), alerts);
      throw new Error('no power');
    });
    await expect(undone).rejects.toThrow('no power');
    expect(await told()).toEqual([]);
    const batch = [call({ apiKey: token, usd: 1 })];
    await insertSpendLogs(gateway.db, batch, { alerts });
    await insertSpendLogs(gateway.db, batch, { alerts });
    expect(await levels()).toEqual([100]);
  });

  test('is not told of where nobody wants to know', async () => {
    const { token } = await done('/key/generate', { max_budget: 1, soft_budget: 0.5 });
    await insertSpendLogs(gateway.db, [call({ apiKey: token, usd: 2 })]);
    expect(await told()).toEqual([]);
  });

  test('is told of anew when it is changed, or its spend is set', async () => {
    const { key, token } = await done('/key/generate', { max_budget: 1 });
    await spend({ apiKey: token, usd: 0.9 });
    await done('/key/update', { key, max_budget: 2 });
    await spend({ apiKey: token, usd: 0.8 });
    await done('/key/update', { key, spend: 0 });
    await spend({ apiKey: token, usd: 1.7 });
    await done('/key/update', { key, max_budget: 0.5 });
    await spend({ apiKey: token, usd: 0.01 });
    expect(
      (await told()).map(({ max_budget, threshold_percent }) => [max_budget, threshold_percent]),
    ).toEqual([
      [1, 85],
      [2, 85],
      [2, 85],
      [0.5, 100],
    ]);
  });
});

describe('what was told', () => {
  test('is told again in the next period, and not before', async () => {
    const { token } = await done('/key/generate', { max_budget: 1, budget_duration: '30d' });
    await spend({ apiKey: token, usd: 0.9 });
    now += 5 * DAY;
    await spend({ apiKey: token, usd: 0.01 });
    expect(await levels()).toEqual([85]);
    now = Date.UTC(2026, 11, 2);
    await begin();
    await spend({ apiKey: token, usd: 0.5 }, { apiKey: token, usd: 0.4 });
    expect(await levels()).toEqual([85, 85]);
  });

  test('of calls that ended behind a reset is told when it is noticed', async () => {
    const { token } = await done('/key/generate', { max_budget: 1, budget_duration: '1d' });
    now = Date.UTC(2026, 10, 22, 1);
    await spend({ apiKey: token, usd: 0.99 });
    expect(await told()).toEqual([]);
    await begin();
    expect(await levels()).toEqual([95]);
    await spend({ apiKey: token, usd: 0.001 });
    expect(await levels()).toEqual([95]);
  });

  test('of a budget that is never reset is told again after the repetition time', async () => {
    const { token } = await done('/key/generate', { max_budget: 1 });
    for (const later of [0, HOUR, 23 * HOUR, HOUR]) {
      now += later;
      await spend({ apiKey: token, usd: 0.3 });
    }
    now += DAY;
    await spend({ apiKey: token, usd: 0.3 });
    expect(await levels()).toEqual([85, 100, 100]);
  });

  test('follows a key that is rotated', async () => {
    const { key, token } = await done('/key/generate', { max_budget: 1 });
    await spend({ apiKey: token, usd: 0.9 });
    const { token: rotated } = await done('/key/regenerate', { key, grace_period: '1d' });
    await spend({ apiKey: token, usd: 0.01 }, { apiKey: rotated, usd: 0.01 });
    expect(await levels()).toEqual([85]);
    await spend({ apiKey: rotated, usd: 1 });
    expect((await told()).at(-1)).toMatchObject({ event: 'budget_crossed', token: rotated });
  });
});

describe('a soft budget', () => {
  test('of a key stands in a budget that it is linked to, is told of, and holds nobody back', async () => {
    const made = await done('/key/generate', { soft_budget: 0.5 });
    expect(made).toMatchObject({
      soft_budget: 0.5,
      max_budget: null,
      budget_id: expect.any(String),
      litellm_budget_table: { soft_budget: 0.5, max_budget: null },
    });
    const { key, token } = made;
    expect((await gateway.call('/v1/models', { key })).body.budgets).toEqual([]);
    await spend({ apiKey: token, usd: 0.4 });
    expect(await told()).toEqual([]);
    await spend({ apiKey: token, usd: 0.2 });
    expect(await told()).toMatchObject([
      {
        event: 'soft_budget_crossed',
        event_group: 'key',
        soft_budget: 0.5,
        max_budget: null,
        spend: 0.6,
        token,
      },
    ]);
    await spend({ apiKey: token, usd: 100 });
    expect(await levels()).toEqual(['soft']);
    const { info } = (await gateway.call(`/key/info?key=${token}`)).body;
    expect(info.litellm_budget_table).toMatchObject({ soft_budget: 0.5 });
  });

  test('of a key is changed and taken away by way of the key', async () => {
    const { key, budget_id } = await done('/key/generate', { soft_budget: 0.5 });
    const softOf = async () => (await done('/budget/info', { budgets: [budget_id] }))[0].soft_budget;
    await done('/key/update', { key, soft_budget: 0.7 });
    expect(await softOf()).toBe(0.7);
    expect(await done('/key/regenerate', { key, soft_budget: 0.8 })).toMatchObject({
      soft_budget: 0.8,
      budget_id,
    });
    const plain = await done('/key/generate', {});
    const { budget_id: own } = await done('/key/update', { key: plain.key, soft_budget: 2 });
    expect(await done('/budget/info', { budgets: [own] })).toMatchObject([{ soft_budget: 2 }]);
    await done('/key/update', { key: plain.key, soft_budget: null });
    expect(await done('/budget/info', { budgets: [own] })).toMatchObject([{ soft_budget: null }]);
    await spend({ apiKey: plain.token, usd: 3 });
    expect(await told()).toEqual([]);
  });

  test('of a budget that others share is that budget’s to say', async () => {
    await done('/budget/new', { budget_id: id, max_budget: 9, soft_budget: 4 });
    const refused = (body: object) =>
      expect(gateway.call('/key/generate', { body })).resolves.toMatchObject({
        status: 400,
        body: { error: { param: 'soft_budget' } },
      });
    await refused({ budget_id: id, soft_budget: 5 });
    await refused({ soft_budget: -1 });
    const [one, two] = [
      await done('/key/generate', { budget_id: id }),
      await done('/key/generate', { budget_id: id }),
    ];
    expect(one).toMatchObject({ soft_budget: 4 });
    const answer = await gateway.call('/key/update', { body: { key: one.key, soft_budget: 5 } });
    expect(answer).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringContaining('/budget/update') } },
    });
    await done('/budget/update', { budget_id: id, soft_budget: 1 });
    await spend({ apiKey: two.token, usd: 1 });
    expect(await levels()).toEqual(['soft']);
  });

  test('of teams and customers is theirs, of users there is none', async () => {
    expect(await done('/team/new', { team_id: id, soft_budget: 1 })).toMatchObject({ soft_budget: 1 });
    await done('/team/update', { team_id: id, soft_budget: 2 });
    const customer = await done('/customer/new', { user_id: id, soft_budget: 3 });
    expect(customer.litellm_budget_table).toMatchObject({ soft_budget: 3 });
    await spend({ teamId: id, endUser: id, usd: 2.5 });
    expect(await told()).toMatchObject([{ event_group: 'team', soft_budget: 2, team_id: id }]);
    await done('/customer/update', { user_id: id, soft_budget: 4 });
    await spend({ endUser: id, usd: 2 });
    expect((await told()).slice(1)).toMatchObject([
      { event_group: 'end_user', soft_budget: 4, customer_id: id },
    ]);
    const user = await gateway.call('/user/new', { body: { user_id: id, soft_budget: 1 } });
    expect(user).toMatchObject({ status: 400, body: { error: { param: 'soft_budget' } } });
  });

  test('that an imported row is linked to is told of from its first call on', async () => {
    await done('/budget/new', { budget_id: id, soft_budget: 1 });
    await query('INSERT INTO "LiteLLM_EndUserTable" (user_id, budget_id) VALUES ($1, $1)', id);
    await spend({ endUser: id, usd: 1 });
    expect(await told()).toMatchObject([{ event: 'soft_budget_crossed', customer_id: id }]);
  });

  test('of a key is set by who governs it', async () => {
    await done('/user/new', {
      user_id: id,
      user_role: 'internal_user',
      max_budget: 1,
      rpm_limit: 1,
      auto_create_key: false,
    });
    const { key } = await done('/key/generate', { user_id: id });
    const answer = await gateway.call('/key/update', { key, body: { key, soft_budget: 5 } });
    expect(answer).toMatchObject({ status: 403, body: { error: { param: 'soft_budget' } } });
  });
});
