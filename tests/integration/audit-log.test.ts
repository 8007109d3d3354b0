/** The audit log: who changed what, chained, over a real database. */
import { hash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { runProgram } from '../../appliance/index.ts';
import {
  audiences,
  dropOldAudit,
  gatewayBundle,
  type RouteDeclaration,
  routes,
  verifyAudit,
  verifyExport,
} from '../../gateway/index.ts';
import { textOf } from '../docs/pages.ts';
import { type AdminGateway, INITIAL_PASSWORD, startAdminGateway } from '../harness/admin-gateway.ts';
import { type PostgresServer, startPostgres, type TestDatabase } from '../harness/postgres.ts';
import { cells } from '../permissions/matrix.ts';
import { requests } from '../permissions/requests.ts';
import { type Caller, Seeds } from '../permissions/seeds.ts';

const PERSON = 'ann@example.com';
const KEY = ['sk', 'canary-of-the-audit-log-0001'].join('-');

let server: PostgresServer;
let database: TestDatabase;
let gateway: AdminGateway;
let seeds: Seeds;
let master: Caller;
/** The newest number when a test began. */
let before: number;

interface Row {
  readonly id: string;
  readonly seq: number;
  readonly action: string;
  readonly table_name: string;
  readonly object_id: string;
  readonly changed_by: string;
  readonly changed_by_api_key: string;
  readonly before_value: Record<string, unknown> | null;
  readonly updated_values: Record<string, unknown> | null;
}

beforeAll(async () => {
  server = await startPostgres({ major: 17 });
  database = await server.createDatabase();
  gateway = await startAdminGateway(database);
  seeds = new Seeds(gateway.db);
  master = (await seeds.plant(gateway.masterKey)).get('master') as Caller;
  // A reset of what was spent changes those that have spent something.
  await gateway.db.query('UPDATE "LiteLLM_TeamTable" SET spend = 1');
});
afterAll(async () => {
  await gateway?.close();
  await server?.stop();
});

async function asOwner<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: database.ownerUrl });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The rows that were written since the test began, in their order. */
async function written(): Promise<Row[]> {
  const { rows } = await gateway.db.query<Row>(
    'SELECT *, litellm_seq AS seq FROM "LiteLLM_AuditLog" WHERE litellm_seq > $1 ORDER BY litellm_seq',
    [before],
  );
  return rows;
}

beforeEach(async () => {
  const { rows } = await gateway.db.query<{ seq: number }>('SELECT seq FROM audit_head');
  before = rows[0]?.seq as number;
});

async function done(path: string, body: object, headers = {}): Promise<Record<string, unknown>> {
  const answer = await gateway.call(path, { body, headers });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}

/** What only reads, by POST as LiteLLM has it. */
const reading = [
  '/v2/key/info',
  '/key/health',
  '/budget/info',
  '/organization/info',
  '/tag/info',
  '/health/test_connection',
  '/spend/calculate',
  '/global/spend/end_users',
];

/** Their handlers need a configuration file: `stored-settings.test.ts` asks for their rows. */
const settings = ['/config/update', '/config/field/update', '/config/field/delete'];

/** Routes of the management API that change something. */
const changing = Object.values<RouteDeclaration>(routes)
  .filter(({ method, access }) => method !== 'GET' && access in audiences)
  .map(({ method, url }) => `${method} ${url}`)
  .filter((route) => ![...reading, ...settings].some((url) => route === `POST ${url}`));

test.each(changing)('%s leaves a row', async (route) => {
  const cell = cells.find((each) => each.route === route && each.caller === 'master' && each.status === 200);
  const { object } = cell as (typeof cells)[number];
  const { body = {}, path } = await (requests[route] as (typeof requests)[string])({
    seeds,
    caller: master,
    object,
  });
  const [method, template = ''] = route.split(' ');
  const other = method === 'PATCH' || method === 'DELETE' ? ({ method } as const) : {};
  const answer = await gateway.call(template.replace(/:\w+/, path ?? ''), { body, ...other });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  const rows = await written();
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.map(({ changed_by, changed_by_api_key }) => ({ changed_by, changed_by_api_key }))).toEqual(
    rows.map(() => ({ changed_by: 'default_user_id', changed_by_api_key: 'litellm_proxy_master_key' })),
  );
});

test('the life of a key is told: before and after, by whom, and never the key', async () => {
  const token = hash('sha256', KEY);
  const by = { 'litellm-changed-by': PERSON };
  await done('/key/generate', { key: KEY, models: ['m1'], metadata: { note: KEY } }, by);
  await done('/key/update', { key: KEY, models: ['m1', 'm2'], tpm_limit: 7 }, by);
  await done('/key/block', { key: KEY }, by);
  await done('/key/unblock', { key: KEY }, by);
  const { token: next } = await done('/key/regenerate', { key: KEY, new_key: `${KEY}-next` }, by);
  await done('/key/delete', { keys: [`${KEY}-next`] }, by);
  const rows = await written();
  expect(rows.map(({ action, object_id }) => [action, object_id])).toEqual([
    ['created', token],
    ['updated', token],
    ['blocked', token],
    ['unblocked', token],
    ['rotated', token],
    ['deleted', next],
  ]);
  expect(rows.map(({ changed_by, table_name }) => [changed_by, table_name])).toEqual(
    rows.map(() => [PERSON, 'LiteLLM_VerificationToken']),
  );
  const [created, updated, blocked, , rotated, deleted] = rows;
  expect(created).toMatchObject({ before_value: null, updated_values: { token, models: ['m1'] } });
  expect(updated).toMatchObject({
    before_value: { token, models: ['m1'] },
    updated_values: { models: ['m1', 'm2'], tpm_limit: 7 },
  });
  expect(blocked?.updated_values).toEqual({ blocked: true });
  expect(rotated).toMatchObject({
    before_value: { token },
    updated_values: { token: next, rotation_count: 1 },
  });
  expect(deleted).toMatchObject({ before_value: { token: next, tpm_limit: 7 }, updated_values: null });
  expect(JSON.stringify(rows)).not.toContain(KEY);
});

test('who leaves a team with its keys, and a user who goes with hers, are each told', async () => {
  await done('/team/new', { team_id: 'cyan', members_with_roles: [{ role: 'user', user_id: 'u-cyan' }] });
  await done('/key/generate', { team_id: 'cyan', user_id: 'u-cyan' });
  await done('/team/member_delete', { team_id: 'cyan', user_id: 'u-cyan' });
  await done('/user/delete', { user_ids: ['u-cyan'] });
  expect((await written()).map(({ action, table_name }) => `${action} ${table_name}`)).toEqual([
    'created LiteLLM_UserTable',
    'created LiteLLM_TeamTable',
    'created LiteLLM_VerificationToken',
    'updated LiteLLM_TeamTable',
    'deleted LiteLLM_VerificationToken',
    'deleted LiteLLM_UserTable',
  ]);
});

test('budgets of owners are told: those that are made for somebody, and whom they are linked to', async () => {
  const violet = { team_id: 'violet', user_id: 'u-violet' };
  const { budget_id: shared } = await done('/budget/new', { max_budget: 3 });
  await done('/team/new', {
    team_id: 'violet',
    max_budget: 5,
    team_member_budget: 2,
    members_with_roles: [{ role: 'user', user_id: 'u-violet' }],
  });
  await done('/team/member_update', { ...violet, max_budget_in_team: 1 });
  await done('/team/member_update', { ...violet, max_budget_in_team: 4 });
  await done('/team/member_update', { ...violet, max_budget_in_team: null });
  await done('/team/update', { team_id: 'violet', team_member_budget: 6 });
  await done('/user/update', { user_id: 'u-violet', max_budget: 7 });
  await done('/customer/new', { user_id: 'c-violet', max_budget: 8 });
  await done('/customer/update', { user_id: 'c-violet', budget_id: shared });
  await done('/budget/update', { budget_id: shared, max_budget: 9 });
  const rows = await written();
  expect(rows.map(({ action, table_name }) => `${action} ${table_name.replace('LiteLLM_', '')}`)).toEqual([
    'created BudgetTable',
    ...['created BudgetTable', 'created UserTable', 'created TeamTable'],
    ...['created BudgetTable', 'updated TeamMembership'],
    'updated BudgetTable',
    'updated TeamMembership',
    ...['updated BudgetTable', 'updated TeamTable'],
    'updated UserTable',
    ...['created BudgetTable', 'created EndUserTable'],
    'updated EndUserTable',
    'updated BudgetTable',
  ]);
  const [, ofMembers, , team, own, linked, raised, unlinked, more, , user, , , customer, last] = rows;
  expect(ofMembers?.updated_values).toMatchObject({ max_budget: 2 });
  expect(team?.updated_values).toMatchObject({
    max_budget: 5,
    metadata: { team_member_budget_id: ofMembers?.object_id },
  });
  expect(linked).toMatchObject({
    object_id: 'u-violet',
    before_value: violet,
    updated_values: { budget_id: own?.object_id },
  });
  expect(raised).toMatchObject({ object_id: own?.object_id, updated_values: { max_budget: 4 } });
  expect(unlinked?.updated_values).toEqual({ budget_id: null });
  expect(more).toMatchObject({ object_id: ofMembers?.object_id, updated_values: { max_budget: 6 } });
  expect(user?.updated_values).toEqual({ max_budget: 7 });
  expect(customer?.updated_values).toEqual({ budget_id: shared });
  expect(last).toMatchObject({
    object_id: shared,
    before_value: { max_budget: 3 },
    updated_values: { max_budget: 9 },
  });
});

test("a service account's key is told with the name of its account", async () => {
  await done('/team/new', { team_id: 'robots' });
  const { token } = await done('/key/service-account/generate', { team_id: 'robots', key_alias: 'nightly' });
  expect((await written()).at(-1)).toMatchObject({
    action: 'created',
    object_id: token,
    updated_values: { team_id: 'robots', metadata: { service_account_id: 'nightly' } },
  });
});

test('a change that fails leaves no row', async () => {
  const { user_id } = await done('/user/new', { auto_create_key: false });
  const answer = await gateway.call('/user/delete', { body: { user_ids: [user_id, 'nobody'] } });
  expect(answer.status).toBe(404);
  expect((await written()).map(({ action }) => action)).toEqual(['created']);
});

test('sign-in, change of the password and sign-out at the admin UI are told, and no password is', async () => {
  const own = 'canary-password-of-the-admin';
  const browser = new Map<string, string>();
  async function page(url: string, form?: Record<string, string>) {
    const answer = await gateway.app.inject({
      method: form === undefined ? 'GET' : 'POST',
      url,
      headers: {
        host: 'gw.example.com',
        origin: 'https://gw.example.com',
        cookie: [...browser].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      ...(form && { payload: new URLSearchParams(form).toString() }),
    });
    for (const { name, value } of answer.cookies) browser.set(name, value);
    return /name="csrf" value="([^"]+)"/.exec(answer.body)?.[1] ?? '';
  }
  const csrf = await page('/ui/sign-in');
  await page('/ui/sign-in', { csrf, user: 'admin', password: INITIAL_PASSWORD });
  await page('/ui/password', { csrf: await page('/ui/password'), password: own, repeated: own });
  await page('/ui/sign-out', { csrf: await page('/ui/password') });
  const rows = await written();
  expect(rows.map(({ action, table_name }) => `${action} ${table_name}`)).toEqual([
    'created ui_sessions',
    'updated LiteLLM_UserTable',
    'created ui_sessions',
    'deleted ui_sessions',
  ]);
  expect(rows[0]).toMatchObject({
    changed_by: 'default_user_id',
    updated_values: { requester_ip_address: '127.0.0.1', must_change_password: true },
  });
  expect(rows[1]?.updated_values).toEqual({ signs_in_with: 'a password of its own' });
  expect(JSON.stringify(rows)).not.toContain(own);
  expect(JSON.stringify(rows)).not.toContain(INITIAL_PASSWORD);
});

test('changes at the same time by two gateways are one chain without a gap', async () => {
  const other = await startAdminGateway(database);
  try {
    const made = Array.from({ length: 40 }, (_, index) =>
      (index % 2 === 0 ? gateway : other).call('/customer/new', { body: { user_id: `crowd-${index}` } }),
    );
    expect((await Promise.all(made)).map(({ status }) => status)).toEqual(made.map(() => 200));
    const rows = await written();
    expect(rows.map(({ seq }) => seq - before)).toEqual(made.map((_, index) => index + 1));
    expect(await verifyAudit(gateway.db)).toMatchObject({ broken: null, rows: before + 40 });
  } finally {
    await other.close();
  }
});

test('each new head is told to the log, so that the chain ends in two places', async () => {
  await done('/customer/new', { user_id: 'told' });
  const { rows } = await gateway.db.query<{ seq: number; hash: string }>('SELECT seq, hash FROM audit_head');
  expect(gateway.logged()).toContain(`"audit":${JSON.stringify(rows[0])}`);
});

test('the role of the gateway can neither change nor take away what is in the log', async () => {
  const statements = [
    `UPDATE "LiteLLM_AuditLog" SET changed_by = 'nobody'`,
    'DELETE FROM "LiteLLM_AuditLog"',
    'TRUNCATE "LiteLLM_AuditLog"',
    'DELETE FROM audit_head',
  ];
  for (const text of statements) {
    await expect(gateway.db.query(text), text).rejects.toMatchObject({ code: '42501' });
  }
});

/** What a check finds after an owner has done this; nothing of it stays. */
function after(...statements: readonly string[]) {
  return asOwner(async (client) => {
    await client.query('BEGIN');
    for (const text of statements) await client.query(text);
    const { rows } = await client.query('SELECT row_to_json(a) AS row FROM "LiteLLM_AuditLog" a');
    await client.query('ROLLBACK');
    return verifyExport(JSON.stringify(rows.map(({ row }) => row)), {});
  });
}

test('an export is checked without the database: a changed row, a missing one, and one that was blanked', async () => {
  await done('/customer/new', { user_id: 'erased', alias: PERSON });
  const seq = before + 1;
  const one = `WHERE litellm_seq = ${seq}`;
  expect((await after()).broken).toBeNull();
  expect((await after(`UPDATE "LiteLLM_AuditLog" SET object_id = 'x' ${one}`)).broken).toEqual({
    seq,
    reason: 'object_id was changed',
  });
  await done('/customer/new', { user_id: 'behind' });
  expect((await after(`DELETE FROM "LiteLLM_AuditLog" ${one}`)).broken).toMatchObject({ seq: seq + 1 });
  const blanked = await after(
    `UPDATE "LiteLLM_AuditLog" SET object_id = '', updated_values = NULL,
      litellm_salts = litellm_salts - 'object_id' - 'updated_values' ${one}`,
  );
  expect(blanked).toMatchObject({ broken: null, blanked: 2 });
});

test('what the guide says to run takes a person out, and the chain holds', async () => {
  const body = { user_id: 'ann', user_email: PERSON, auto_create_key: false };
  await done('/user/new', body, { 'litellm-changed-by': PERSON });
  const [statements = ''] =
    /```sql\n(UPDATE[\s\S]*?)```/.exec(textOf('docs/operator/audit.md'))?.slice(1) ?? [];
  const { broken, blanked } = await after(statements);
  expect(broken).toBeNull();
  expect(blanked).toBeGreaterThanOrEqual(4);
});

test("the command checks the database with the gateway's rights, and what psql exports, and ends with 1 for a broken one", async () => {
  const directory = await mkdtemp(join(tmpdir(), 'audit-'));
  try {
    const audit = (...args: string[]) =>
      runProgram(process.execPath, [gatewayBundle.migrate, 'audit', ...args], {
        env: { DATABASE_URL: database.runtimeUrl },
      });
    const { seq } = (await verifyAudit(gateway.db)).head;
    const good = await audit();
    expect(good).toMatchObject({ exitCode: 0, stderr: '' });
    expect(good.stdout).toMatch(
      new RegExp(`^audit log: intact\n  ${seq} rows hold; 0 values are blanked\n  head: ${seq}:`),
    );
    const copy = await runProgram('psql', [
      ...['-X', '-d', database.ownerUrl, '-c'],
      '\\copy "LiteLLM_AuditLog" TO STDOUT CSV HEADER',
    ]);
    const file = join(directory, 'audit.csv');
    writeFileSync(file, `${copy.stdout}\n`);
    const head = /head: (\S+)/.exec(good.stdout)?.[1] as string;
    expect((await audit(file, '--head', head)).stdout).toBe(good.stdout);
    writeFileSync(file, `${copy.stdout}\n`.replace('litellm_proxy_master_key', 'another_key'));
    const bad = await audit(file, '--json');
    expect(bad.exitCode).toBe(1);
    expect(JSON.parse(bad.stdout)).toMatchObject({ verdict: 'broken', broken: { seq: 1 } });
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('rows that are taken from the end are missed by the database itself', async () => {
  const gone = await server.createDatabase();
  const alone = await startAdminGateway(gone);
  try {
    for (const user_id of ['one', 'two', 'three']) await alone.call('/customer/new', { body: { user_id } });
    expect(await verifyAudit(alone.db)).toMatchObject({ broken: null, rows: 3, unchained: 0 });
    const owner = new Client({ connectionString: gone.ownerUrl });
    await owner.connect();
    await owner.query('DELETE FROM "LiteLLM_AuditLog" WHERE litellm_seq > 1');
    await owner.query(
      `INSERT INTO "LiteLLM_AuditLog" (action, table_name, object_id) VALUES ('created', 'x', 'y')`,
    );
    await owner.end();
    expect(await verifyAudit(alone.db)).toMatchObject({
      rows: 1,
      unchained: 1,
      broken: { seq: 2, reason: 'rows 2 to 3 at the end: missing' },
    });
  } finally {
    await alone.close();
  }
});

test('retention deletes the oldest rows, the check says where the chain begins, and it is for the owner alone', async () => {
  const alone = await server.createDatabase();
  const { db, call, close } = await startAdminGateway(alone);
  try {
    for (const id of ['one', 'two', 'three']) await call('/customer/new', { body: { user_id: id } });
    const client = new Client({ connectionString: alone.ownerUrl });
    await client.connect();
    await client.query(
      `INSERT INTO "LiteLLM_AuditLog" (id, updated_at, action, table_name, object_id)
       VALUES ('theirs', '2020-01-01', 'created', 'LiteLLM_UserTable', 'x')`,
    );
    await client.end();
    const { rows } = await db.query(
      'SELECT updated_at, litellm_hash FROM "LiteLLM_AuditLog" WHERE litellm_seq IN (2, 3) ORDER BY 1',
    );
    const DAY = 86_400_000;
    const keepsThird = { now: () => rows[1].updated_at.getTime() + DAY };
    expect(await dropOldAudit(alone.ownerUrl, DAY, keepsThird)).toBe(3);
    expect(await verifyAudit(db)).toMatchObject({
      broken: null,
      rows: 1,
      unchained: 0,
      beginning: { seq: 2, hash: rows[0].litellm_hash },
    });
    expect(await dropOldAudit(alone.ownerUrl, DAY, keepsThird)).toBe(0);
    await expect(db.query('UPDATE audit_head SET first_seq = 3')).rejects.toMatchObject({ code: '42501' });
    expect(await dropOldAudit(alone.ownerUrl, DAY, { now: () => Date.now() + 2 * DAY })).toBe(1);
    await call('/customer/new', { body: { user_id: 'four' } });
    expect(await verifyAudit(db)).toMatchObject({ broken: null, rows: 1, head: { seq: 4 } });
  } finally {
    await close();
  }
});

test('without the setting nothing is recorded', async () => {
  const silent = await startAdminGateway(database, { storeAuditLogs: false });
  try {
    expect((await silent.call('/customer/new', { body: { user_id: 'silent' } })).status).toBe(200);
    expect(await written()).toEqual([]);
  } finally {
    await silent.close();
  }
});

test('the log is read by pages, newest first, and by who, what and when', async () => {
  const by = { 'litellm-changed-by': 'pager' };
  await done('/team/new', { team_id: 'paged', team_alias: 'a' }, by);
  const { token } = await done('/key/generate', { team_id: 'paged' }, by);
  for (const team_alias of ['b', 'c']) await done('/team/update', { team_id: 'paged', team_alias }, by);
  const list = async (query: string) => (await gateway.call(`/audit?${query}`)).body;
  const page = await list('changed_by=pager&page_size=3');
  expect(page).toMatchObject({ total: 4, page: 1, page_size: 3, total_pages: 2 });
  expect(page.audit_logs.map(({ action }: Row) => action)).toEqual(['updated', 'updated', 'created']);
  expect((await list('changed_by=pager&page_size=3&page=2')).audit_logs).toMatchObject([
    { action: 'created', table_name: 'LiteLLM_TeamTable', object_id: 'paged' },
  ]);
  const counts = {
    'object_team_id=paged': 4,
    [`object_key_hash=${token}`]: 1,
    'changed_by=pager&action=created': 2,
    'changed_by=pager&table_name=LiteLLM_TeamTable': 3,
    'changed_by=pager&start_date=2999-01-01': 0,
    'changed_by=pager&end_date=2000-01-01T00:00:00Z': 0,
    'changed_by=pager&start_date=2000-01-01&end_date=2999-01-01': 4,
    'changed_by=pager&changed_by_api_key=litellm_proxy_master_key&sort_by=action&sort_order=asc': 4,
  };
  for (const [query, total] of Object.entries(counts)) expect((await list(query)).total, query).toBe(total);
  const [newest] = page.audit_logs;
  expect((await gateway.call(`/audit/${newest.id}`)).body).toEqual(newest);
  expect(await gateway.call('/audit/nothing')).toMatchObject({
    status: 404,
    body: { detail: { message: "There is no row 'nothing' in the audit log" } },
  });
  expect((await gateway.call('/audit?start_date=yesterday')).status).toBe(400);
  expect((await gateway.call('/audit?page_size=101')).status).toBe(422);
});
