import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AdminGateway, startAdminGateway } from '../harness/admin-gateway.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';

let server: PostgresServer;
let gateway: AdminGateway;
const now = Date.UTC(2026, 10, 21, 12);

beforeAll(async () => {
  server = await startPostgres({ major: 17 });
  gateway = await startAdminGateway(await server.createDatabase(), {
    clock: () => now,
    endUserDefault: { budgetId: null, maxBudget: 2 },
  });
});
afterAll(async () => {
  await gateway?.close();
  await server.stop();
});

const ask = (path: string, body: object) => gateway.call(path, { body });
async function done(path: string, body: object) {
  const answer = await ask(path, body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}

test.each(['customer', 'end_user'])(
  'a customer is made, changed, listed and deleted under /%s',
  async (root) => {
    const user_id = `${root}-acme`;
    const row = {
      user_id,
      alias: 'Acme',
      spend: 0,
      allowed_model_region: null,
      default_model: null,
      budget_id: null,
      object_permission_id: null,
      blocked: false,
      litellm_budget_table: null,
    };
    expect(await done(`/${root}/new`, { user_id, alias: 'Acme' })).toEqual(row);
    expect(await ask(`/${root}/new`, { user_id })).toMatchObject({
      status: 400,
      body: { error: { type: 'bad_request', param: 'user_id' } },
    });
    expect((await gateway.call(`/${root}/info?end_user_id=${user_id}`)).body).toEqual({
      user_id,
      alias: 'Acme',
      spend: 0,
      blocked: false,
    });
    expect(await done(`/${root}/block`, { user_ids: [user_id, `${root}-new`] })).toMatchObject({
      blocked_users: [{ blocked: true }, { blocked: true }],
    });
    // As LiteLLM: false, 0 and null change nothing in an update.
    const updated = await done(`/${root}/update`, { user_id, blocked: false, spend: 1.5, alias: null });
    expect(updated).toEqual({ ...row, blocked: true, spend: 1.5, object_permission: null });
    expect((await done(`/${root}/unblock`, { user_ids: [user_id] })).blocked_users).toMatchObject([
      { blocked: false },
    ]);
    expect((await gateway.call(`/${root}/list`)).body).toContainEqual({ ...row, spend: 1.5 });
    expect(await ask(`/${root}/delete`, { user_ids: [user_id, 'nowhere'] })).toMatchObject({
      status: 404,
      body: { error: { type: 'not_found', param: 'user_ids' } },
    });
    expect(await done(`/${root}/delete`, { user_ids: [user_id] })).toEqual({
      deleted_customers: 1,
      message: `Successfully deleted customers with ids: ["${user_id}"]`,
    });
    expect(await gateway.call(`/${root}/info?end_user_id=${user_id}`)).toMatchObject({
      status: 404,
      body: { error: { type: 'not_found', param: 'end_user_id' } },
    });
    expect((await ask(`/${root}/update`, { user_id })).body.error).toMatchObject({
      type: 'not_found',
      param: 'user_id',
    });
  },
);

test.each(['default_model', 'allowed_model_region', 'budget_limits'])(
  'a customer with %s is refused by name: nothing would enforce it',
  async (field) => {
    const refused = await ask('/customer/new', { user_id: 'limited', [field]: 'eu' });
    expect(refused).toMatchObject({ status: 400, body: { error: { param: field } } });
  },
);

test('limits of a customer stand in a row of its own, made when the first is set', async () => {
  expect(await done('/customer/new', { user_id: 'quiet', rpm_limit: null })).toMatchObject({
    budget_id: null,
  });
  const { budget_id, litellm_budget_table } = await done('/customer/update', {
    user_id: 'quiet',
    rpm_limit: 5,
  });
  expect(litellm_budget_table).toMatchObject({ budget_id, rpm_limit: 5, max_budget: null });
  // As LiteLLM: 0 and null change nothing in an update.
  const changes = { user_id: 'quiet', rpm_limit: 0, tpm_limit: null, max_parallel_requests: 2 };
  expect(await done('/customer/update', changes)).toMatchObject({
    budget_id,
    litellm_budget_table: { rpm_limit: 5, tpm_limit: null, max_parallel_requests: 2 },
  });
  expect((await ask('/customer/update', { user_id: 'quiet', rpm_limit: -1 })).status).toBe(422);
  await done('/budget/delete', { id: budget_id });
  await done('/customer/delete', { user_ids: ['quiet'] });
});

test('what customers may spend by default holds through every change of a budget that does not say it', async () => {
  const limit = async () => {
    const { rows } = await gateway.db.query(
      "SELECT limit_pico FROM budget_state WHERE scope = 'end_user:calm'",
    );
    return Number(rows[0]?.limit_pico) / 1e12;
  };
  const { budget_id } = await done('/customer/new', { user_id: 'calm', rpm_limit: 5 });
  expect(await limit()).toBe(2);
  await done('/customer/update', { user_id: 'calm', max_budget: 3 });
  expect(await limit()).toBe(3);
  await done('/budget/update', { budget_id, max_budget: null });
  expect(await limit()).toBe(2);
  await done('/customer/update', { user_id: 'calm', tpm_limit: 100 });
  expect(await limit()).toBe(2);
  await done('/budget/new', { budget_id: 'without', rpm_limit: 7 });
  await done('/customer/update', { user_id: 'calm', budget_id: 'without' });
  expect(await limit()).toBe(2);
  for (const id of ['without', budget_id]) await done('/budget/delete', { id });
  expect(await limit()).toBe(2);
  await done('/customer/delete', { user_ids: ['calm'] });
});

test('a budget is made, changed, told and deleted', async () => {
  const made = await done('/budget/new', {
    budget_id: 'b',
    max_budget: 10.5,
    budget_duration: '1d',
    tpm_limit: 100,
  });
  expect(made).toEqual({
    budget_id: 'b',
    max_budget: 10.5,
    soft_budget: null,
    max_parallel_requests: null,
    tpm_limit: 100,
    rpm_limit: null,
    model_max_budget: null,
    budget_duration: '1d',
    budget_reset_at: expect.stringMatching(/^2026-11-22T/),
    allowed_models: [],
    created_at: expect.any(String),
    created_by: 'default_user_id',
    updated_at: expect.any(String),
    updated_by: 'default_user_id',
  });
  const changed = await done('/budget/update', {
    budget_id: 'b',
    tpm_limit: null,
    model_max_budget: { m: { max_budget: 1 } },
  });
  expect(changed).toMatchObject({
    max_budget: 10.5,
    tpm_limit: null,
    model_max_budget: { m: { max_budget: 1 } },
  });
  const fixed = await done('/budget/update', { budget_id: 'b', budget_reset_at: '2030-01-01T00:00:00Z' });
  expect(fixed.budget_reset_at).toBe('2030-01-01T00:00:00.000Z');
  expect(await done('/budget/info', { budgets: ['b', 'nowhere'] })).toMatchObject([{ budget_id: 'b' }]);
  expect((await gateway.call('/budget/list')).body).toMatchObject([{ budget_id: 'b' }]);
  expect(await done('/budget/delete', { id: 'b' })).toMatchObject({ budget_id: 'b' });
  expect((await gateway.call('/budget/list')).body).toEqual([]);
});

test.each([
  ['a negative budget', '/budget/new', { max_budget: -1 }, 400],
  ['a budget that is no number', '/budget/new', { max_budget: '10' }, 422],
  ['a limit beyond what the column holds', '/budget/new', { max_parallel_requests: 2 ** 31 }, 422],
  ['an unreadable duration', '/budget/new', { budget_duration: 'soon' }, 400],
  ['an unreadable time', '/budget/new', { budget_reset_at: 'soon' }, 400],
  ['an id that is taken', '/budget/new', { budget_id: 'twice' }, 400],
  ['an update without an id', '/budget/update', { max_budget: 1 }, 400],
  ['an update of an unknown budget', '/budget/update', { budget_id: 'nowhere' }, 404],
  ['no names', '/budget/info', { budgets: [] }, 400],
  ['the deletion of an unknown budget', '/budget/delete', { id: 'nowhere' }, 404],
])('%s is refused', async (_what, path, body, status) => {
  await ask('/budget/new', { budget_id: 'twice' });
  const answer = await ask(path, body);
  expect(answer.status).toBe(status);
  expect(answer.body.detail).toBeDefined();
});
