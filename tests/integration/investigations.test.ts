/** The four SQL investigations of security guides, word for word, against what was planted. */
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AdminGateway, startAdminGateway } from '../harness/admin-gateway.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';

const statements = readFileSync(new URL('fixtures/guides-investigations.sql', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('SELECT'));
const [changes, expensive, failures, prompts] = statements as [string, string, string, string];

const STRANGER = ['sk', 'of-a-stranger-who-guesses'].join('-');

let server: PostgresServer;
let gateway: AdminGateway;

beforeAll(async () => {
  server = await startPostgres({ major: 17 });
  gateway = await startAdminGateway(await server.createDatabase());
});
afterAll(async () => {
  await gateway?.close();
  await server?.stop();
});

const rowsOf = async (text: string) => (await gateway.db.query(text)).rows;

/** A call of the last hour. */
async function plant(apiKey: string, id: string, spend: number, messages: object = {}): Promise<void> {
  await gateway.db.query(
    `INSERT INTO "LiteLLM_SpendLogs" (request_id, call_type, api_key, spend, "startTime", "endTime", model, "user", status, messages)
     VALUES ($1, 'acompletion', $2, $3, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC', 'm1', 'ann', 'success', $4)`,
    [id, apiKey, spend, JSON.stringify(messages)],
  );
}

test('there are four of them', () => {
  expect(statements.length).toBe(4);
});

test('who changed what: the newest change stands first', async () => {
  for (const user_id of ['one', 'two']) await gateway.call('/customer/new', { body: { user_id } });
  const body = { user_ids: ['one'] };
  await gateway.call('/customer/block', { body, headers: { 'litellm-changed-by': 'eve' } });
  const rows = await rowsOf(changes);
  expect(rows[0]).toMatchObject({
    changed_by: 'eve',
    action: 'blocked',
    table_name: 'LiteLLM_EndUserTable',
    object_id: 'one',
    before_value: { user_id: 'one', blocked: false },
    updated_values: { blocked: true },
  });
  expect(rows.length).toBe(3);
});

test('which key has spent too much within the hour', async () => {
  for (const call of ['a', 'b', 'c']) await plant('costly-key', call, 40);
  await plant('cheap-key', 'd', 1);
  expect(await rowsOf(expensive)).toEqual([{ api_key: 'costly-key', requests: 3, total_spend: 120 }]);
});

test('who fails to authenticate: the key that was tried, and only once it was tried too often', async () => {
  for (let time = 0; time < 10; time++)
    expect((await gateway.call('/key/info', { key: STRANGER })).status).toBe(401);
  await gateway.storeRefusals();
  expect(await rowsOf(failures)).toEqual([]);
  await gateway.call('/v1/models', { key: STRANGER });
  await gateway.call('/key/list', { key: STRANGER });
  await gateway.storeRefusals();
  expect(await rowsOf(failures)).toEqual([{ api_key: hash('sha256', STRANGER), failures: 12 }]);
  const [row] = await rowsOf(`SELECT * FROM "LiteLLM_SpendLogs" WHERE status = 'error' LIMIT 1`);
  expect(row).toMatchObject({
    spend: 0,
    total_tokens: 0,
    requester_ip_address: '127.0.0.1',
    metadata: {
      litellm_masked_key: 'sk-o****sses',
      litellm_refusals: 1,
      user_api_key_request_route: '/key/info',
      error_information: { error_code: '401', error_class: 'unknown_key' },
    },
  });
  expect(JSON.stringify(row)).not.toContain(STRANGER);
});

test('a sign-in at the admin UI that is refused, and what a key may not do, leave a row as well', async () => {
  const page = await gateway.app.inject({ url: '/ui/sign-in' });
  const csrf = /name="csrf" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
  await gateway.app.inject({
    method: 'POST',
    url: '/ui/sign-in',
    headers: {
      host: 'gw.example.com',
      origin: 'https://gw.example.com',
      'content-type': 'application/x-www-form-urlencoded',
    },
    cookies: Object.fromEntries(page.cookies.map(({ name, value }) => [name, value])),
    payload: new URLSearchParams({ csrf, user: 'admin', password: 'a wrong one' }).toString(),
  });
  const made = await gateway.call('/key/generate', { body: { user_id: 'ann' } });
  expect((await gateway.call('/audit', { key: made.body.key })).status).toBe(401);
  await gateway.storeRefusals();
  const rows = await rowsOf(
    `SELECT api_key, metadata -> 'error_information' ->> 'error_class' AS reason FROM "LiteLLM_SpendLogs"
     WHERE status = 'error' AND api_key <> '${hash('sha256', STRANGER)}' ORDER BY "startTime"`,
  );
  expect(rows).toEqual([
    { api_key: '', reason: 'sign_in_refused' },
    { api_key: made.body.token, reason: 'admin_only' },
  ]);
});

test('what a key was used for: its calls, the newest first, with what was said where that is stored', async () => {
  const said = [{ role: 'user', content: 'a canary' }];
  await plant('hashed-key', 'suspicious', 0.5, said);
  expect(await rowsOf(prompts)).toMatchObject([
    { request_id: 'suspicious', model: 'm1', user: 'ann', spend: 0.5, messages: said },
  ]);
});
