/** One person's data, exported and deleted on the machine: nothing names the person afterwards, and every total is as it was. */
import { hash, randomUUID } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { runProgram } from '../../appliance/index.ts';
import {
  gatewayBundle,
  insertRefusals,
  insertSpendLogs,
  personalDataCommand,
  picoFromUsd,
  readPersonalDataArguments,
  type SpendRecord,
  verifyAudit,
} from '../../gateway/index.ts';
import { type AdminGateway, startAdminGateway } from '../harness/admin-gateway.ts';
import { type PostgresServer, startPostgres, type TestDatabase } from '../harness/postgres.ts';
import { spendRecord } from '../harness/spend-record.ts';

let server: PostgresServer;
let database: TestDatabase;
let gateway: AdminGateway;
/** The person of each test, with everything that could give it away. */
let person: Awaited<ReturnType<typeof someone>>;
/** Somebody who stays. */
let other: Awaited<ReturnType<typeof someone>>;

beforeAll(async () => {
  server = await startPostgres({ major: 16 });
  database = await server.createDatabase();
  gateway = await startAdminGateway(database);
  other = await someone();
});
afterAll(async () => {
  await gateway?.close();
  await server?.stop();
});
beforeEach(async () => {
  person = await someone();
});

const query = async <R extends object>(text: string, ...values: unknown[]): Promise<R[]> =>
  (await gateway.db.query<R>(text, values)).rows;

async function asOwner<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: database.ownerUrl });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function done(path: string, body: object): Promise<Record<string, string>> {
  const answer = await gateway.call(path, { body, headers: { 'litellm-changed-by': 'boss@example.com' } });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}

/** What calls say of somebody. */
const words = (name: string) => ({
  requesterIp: `198.51.100.${(Number.parseInt(hash('sha256', name).slice(0, 2), 16) % 200) + 1}`,
  caller: {
    tags: ['project'],
    userAgent: `agent of ${name}`,
    consent: `consent of ${name}`,
    metadata: { from: name },
    spendLogsMetadata: { note: name },
  },
  content: { request: `{"messages":[{"content":"prompt of ${name}"}]}`, response: `{"answer":"to ${name}"}` },
});

/** An internal user in a team, with a key, changes in the audit log and two calls. */
async function someone() {
  const name = `ada-${randomUUID()}`;
  const email = `${name}@Example.com`;
  await done('/user/new', { user_id: name, user_email: email, auto_create_key: false });
  const { team_id: teamId = '' } = await done('/team/new', { team_alias: `team-${randomUUID()}` });
  await done('/team/member_add', { team_id: teamId, member: { role: 'user', user_id: name } });
  const { key = '' } = await done('/key/generate', {
    user_id: name,
    team_id: teamId,
    key_alias: `key of ${name}`,
  });
  const own = await gateway.call('/user/update', { key, body: { user_id: name, user_email: email } });
  expect(own.status).toBe(200);
  const call: Partial<SpendRecord> = {
    apiKey: hash('sha256', key),
    keyAlias: `key of ${name}`,
    userId: name,
    teamId,
    spend: picoFromUsd(0.25),
    ...words(name),
  };
  await insertSpendLogs(gateway.db, [spendRecord(call), spendRecord({ ...call, rowId: randomUUID() })]);
  await query(
    `INSERT INTO alert_outbox (event, scope, body, created_at, due_at) VALUES ('budget', $1, $2, now(), now())`,
    `team_member:${JSON.stringify([teamId, name])}`,
    JSON.stringify({ user_email: email }),
  );
  return { name, email, key, teamId, call };
}

/** The command as a program of its own. */
const program = (args: readonly string[], sharedFile?: number) =>
  runProgram(process.execPath, [gatewayBundle.migrate, 'personal-data', ...args], {
    env: { DATABASE_OWNER_URL: database.ownerUrl },
    ...(sharedFile !== undefined && { sharedFile }),
  });

const command = (...args: string[]): Promise<string> =>
  personalDataCommand(database.ownerUrl, readPersonalDataArguments(args));

async function erased(...args: string[]) {
  return JSON.parse(await command('delete', '--json', ...args)) as {
    id: string;
    pseudonym: string;
    found: Record<string, number>;
  };
}

/** Tables in which a text occurs anywhere. */
async function tablesWith(text: string): Promise<string[]> {
  const tables = await query<{ name: string }>(
    `SELECT c.oid::regclass::text AS name FROM pg_class c
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const hits = await query(
      `SELECT FROM ${name} AS t WHERE strpos(lower(t::text), lower($1)) > 0 LIMIT 1`,
      text,
    );
    if (hits.length > 0) found.push(name);
  }
  return found;
}

/** Every total that a report shows. */
const totals = () =>
  query(`
    SELECT (SELECT jsonb_build_array(count(*), sum(spend), sum(total_tokens)) FROM "LiteLLM_SpendLogs") AS spend,
      (SELECT jsonb_build_array(sum(spend_pico), sum(api_requests), sum(prompt_tokens)) FROM "LiteLLM_DailyUserSpend") AS users,
      (SELECT jsonb_build_array(sum(spend_pico), sum(api_requests)) FROM "LiteLLM_DailyEndUserSpend") AS customers,
      (SELECT jsonb_agg(jsonb_build_array(team_id, spend) ORDER BY team_id) FROM "LiteLLM_TeamTable") AS teams,
      (SELECT jsonb_object_agg(tag, spend) FROM (SELECT tag, sum(spend_pico) AS spend FROM "LiteLLM_DailyTagSpend" GROUP BY 1) t) AS tags`);

const spendRows = (userId: string) =>
  query<Record<string, unknown>>('SELECT * FROM "LiteLLM_SpendLogs" WHERE "user" = $1', userId);

describe('the export', () => {
  test('has everything that names a user, and no password', async () => {
    await asOwner((db) =>
      db.query(`UPDATE "LiteLLM_UserTable" SET password = 'scrypt:secret' WHERE user_id = $1`, [person.name]),
    );
    const { exitCode, stdout } = await program(['export', '--user', person.email.toLowerCase()]);
    expect(exitCode).toBe(0);
    expect(stdout).not.toContain('scrypt:secret');
    expect(stdout).not.toContain(other.name);
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({
      person: { kind: 'user', id: person.name, email: person.email },
      user: [{ user_id: person.name, user_email: person.email }],
      keys: [{ token: hash('sha256', person.key), key_alias: `key of ${person.name}` }],
      teams: [{ team_id: person.teamId, member: { user_id: person.name, role: 'user' } }],
      days: [{ user_id: person.name, api_requests: 2, spend: 0.5 }],
    });
    expect(found.spend).toHaveLength(2);
    expect(found.spend[0]).toMatchObject({
      requester_ip_address: person.call.requesterIp,
      messages: [{ content: `prompt of ${person.name}` }],
      response: { answer: `to ${person.name}` },
      metadata: { user_agent: `agent of ${person.name}`, consent: `consent of ${person.name}` },
    });
    expect(found.audit.map((row: { action: string }) => row.action)).toContain('created');
  });

  test('goes to an open file, and a customer has one too', async () => {
    const customer = `customer-${randomUUID()}`;
    await insertSpendLogs(gateway.db, [spendRecord({ endUser: customer, ...words(customer) })]);
    const directory = mkdtempSync(join(tmpdir(), 'export-'));
    const fd = openSync(join(directory, 'export.json'), 'w', 0o600);
    expect((await program(['export', '--customer', customer, '--fd', '3'], fd)).stdout).toBe('');
    closeSync(fd);
    const found = JSON.parse(readFileSync(join(directory, 'export.json'), 'utf8'));
    rmSync(directory, { recursive: true });
    expect(found).toMatchObject({ customer: [{ user_id: customer }], spend: [{ end_user: customer }] });
  });
});

describe('the deletion of a user', () => {
  test('leaves no trace in any table, and every total as it was', async () => {
    const before = await totals();
    const { pseudonym, found } = await erased('--user', person.email);
    expect(found).toMatchObject({ accounts: 1, keys: 1, spendRows: 2, dailyRows: 1 });
    expect(pseudonym).toMatch(/^deleted-/);
    expect(await tablesWith(person.name)).toEqual([]);
    expect(await tablesWith(person.call.requesterIp as string)).toEqual([]);
    expect(await totals()).toEqual(before);
    const rows = await spendRows(pseudonym);
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatchObject({
      spend: 0.25,
      total_tokens: 12,
      team_id: person.teamId,
      request_tags: ['project'],
      messages: {},
      response: {},
      proxy_server_request: {},
      requester_ip_address: null,
      metadata: { status: 'success', user_api_key_user_id: pseudonym, usage_object: { total_tokens: 12 } },
    });
    expect(await spendRows(other.name)).toHaveLength(2);
  });

  test('takes along what it had to spend in an organisation', async () => {
    const { organization_id = '' } = await done('/organization/new', { organization_alias: 'x' });
    const member = { role: 'internal_user', user_id: person.name };
    await done('/organization/member_add', { organization_id, member, max_budget_in_organization: 5 });
    const call = { ...person.call, rowId: randomUUID(), organizationId: organization_id };
    await insertSpendLogs(gateway.db, [spendRecord(call)]);
    const scope = `organization_member:${JSON.stringify([organization_id, person.name])}`;
    expect(await query('SELECT FROM budget_state WHERE scope = $1', scope)).toHaveLength(1);
    await erased('--user', person.name);
    expect(await tablesWith(person.name)).toEqual([]);
  });

  test('ends the key at once, wherever it is in memory', async () => {
    expect((await gateway.call('/v1/models', { key: person.key })).status).toBe(200);
    await erased('--user', person.name);
    await expect.poll(async () => (await gateway.call('/v1/models', { key: person.key })).status).toBe(401);
    expect((await gateway.call('/v1/models', { key: other.key })).status).toBe(200);
  });

  test('leaves a chain that holds, with values blanked and a row that says that somebody was deleted', async () => {
    const { pseudonym } = await erased('--user', person.name);
    const report = await verifyAudit(gateway.db);
    expect(report.broken).toBeNull();
    expect(report.blanked).toBeGreaterThan(3);
    const last = await query('SELECT * FROM "LiteLLM_AuditLog" ORDER BY litellm_seq DESC LIMIT 1');
    expect(last).toMatchObject([
      { action: 'deleted', object_id: pseudonym, changed_by: 'operator', before_value: null },
    ]);
  });

  test('a call that was under way is stored under the pseudonym, and costs whom it cost', async () => {
    const { pseudonym } = await erased('--user', person.name);
    const late = spendRecord({
      ...person.call,
      rowId: randomUUID(),
      status: 'failure',
      error: { code: '500', class: 'x', message: person.name },
    });
    await insertSpendLogs(gateway.db, [late]);
    await insertRefusals(gateway.db, [
      {
        callId: 'c',
        time: Date.now(),
        apiKey: 'x',
        maskedKey: null,
        address: '203.0.113.99',
        route: '/v1/models',
        reason: 'key_blocked',
        status: 401,
        message: '',
        userId: person.name,
        teamId: null,
        count: 1,
      },
    ]);
    expect(await tablesWith(person.name)).toEqual([]);
    expect(await tablesWith('203.0.113.99')).toEqual([]);
    expect(await spendRows(pseudonym)).toHaveLength(4);
    const [team] = await query('SELECT spend FROM "LiteLLM_TeamTable" WHERE team_id = $1', person.teamId);
    expect(team).toEqual({ spend: 0.75 });
  });

  test('who comes again later under the same name is somebody new', async () => {
    await erased('--user', person.name);
    await insertSpendLogs(gateway.db, [
      spendRecord({ userId: person.name, startTime: Date.now() + 120_000 }),
    ]);
    expect(await spendRows(person.name)).toHaveLength(1);
  });

  test('calls that are stored while it runs do not name anybody either', async () => {
    let going = true;
    const storing = (async () => {
      while (going) await insertSpendLogs(gateway.db, [spendRecord({ ...person.call, rowId: randomUUID() })]);
    })();
    await erased('--user', person.name);
    going = false;
    await storing;
    expect(await tablesWith(person.name)).toEqual([]);
    const [sums] = await query(
      `
      SELECT (SELECT sum(spend) FROM "LiteLLM_SpendLogs" WHERE team_id = $1) = t.spend AS rows,
        (SELECT sum(spend) FROM "LiteLLM_DailyTeamSpend" WHERE team_id = $1) = t.spend AS days
      FROM "LiteLLM_TeamTable" t WHERE team_id = $1`,
      person.teamId,
    );
    expect(sums).toEqual({ rows: true, days: true });
  });

  test('a second run finds nothing and changes nothing', async () => {
    const { pseudonym } = await erased('--user', person.name);
    const state = () => query('SELECT (SELECT seq FROM audit_head), (SELECT count(*) FROM erased_people)');
    const before = await state();
    const again = await erased('--user', person.name);
    expect(again).toMatchObject({
      pseudonym,
      found: { accounts: 0, keys: 0, spendRows: 0, dailyRows: 0, auditRows: 0 },
    });
    expect(await state()).toEqual(before);
  });

  test('one that was cut off is completed by the next, which still knows the address', async () => {
    await asOwner((db) =>
      db.query(`
        CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'cut off'; END $$;
        CREATE TRIGGER cut BEFORE UPDATE ON "LiteLLM_AuditLog" EXECUTE FUNCTION cut()`),
    );
    await expect(command('delete', '--user', person.email)).rejects.toThrow('cut off');
    expect(await spendRows(person.name)).toEqual([]);
    await asOwner((db) => db.query('DROP TRIGGER cut ON "LiteLLM_AuditLog"; DROP FUNCTION cut()'));
    const { id, pseudonym } = await erased('--user', person.email);
    expect(id).toBe(person.name);
    expect(await spendRows(pseudonym)).toHaveLength(2);
    expect(await tablesWith(person.name)).toEqual([]);
  });

  test('a dry run counts and changes nothing', async () => {
    const text = await command('delete', '--user', person.name, '--dry-run');
    expect(text).toContain(`user '${person.name}' would be deleted:`);
    expect(text).toContain('account: one; keys: 1; keys deleted before: 0');
    expect(text).toMatch(/spend rows: 2; daily rows: 1; rows of the audit log: \d+/);
    expect(await spendRows(person.name)).toHaveLength(2);
  });

  test('also out of tables that only LiteLLM had', async () => {
    await asOwner(async (db) => {
      await db.query(`
        CREATE TABLE "LiteLLM_UserNotifications" (id text, user_id text REFERENCES "LiteLLM_UserTable",
          created_by text REFERENCES "LiteLLM_UserTable");
        CREATE TABLE "LiteLLM_MemoryTable" (id text, user_id text, value text, created_by text);
        CREATE TABLE "LiteLLM_PromptTable" (id text, created_by text)`);
      const plants: readonly (readonly [string, ...string[]])[] = [
        [
          'INSERT INTO "LiteLLM_UserNotifications" VALUES (1, $1, $2), (2, $2, $1), (3, $2, $2)',
          person.name,
          other.name,
        ],
        [
          'INSERT INTO "LiteLLM_MemoryTable" VALUES (1, $1, $1, $1), (2, $2, $2, $1)',
          person.name,
          other.name,
        ],
        ['INSERT INTO "LiteLLM_PromptTable" VALUES (1, $1)', person.email],
      ];
      for (const [text, ...values] of plants) await db.query(text, values);
    });
    const { stdout } = await program(['export', '--user', person.name]);
    expect(JSON.parse(stdout).LiteLLM_MemoryTable).toEqual([
      { id: '1', user_id: person.name, value: person.name, created_by: person.name },
    ]);
    await erased('--user', person.name);
    expect(await tablesWith(person.name)).toEqual([]);
    const [left] = await asOwner(
      async (db) =>
        (
          await db.query(`SELECT (SELECT count(*)::integer FROM "LiteLLM_UserNotifications") AS links,
        (SELECT count(*)::integer FROM "LiteLLM_MemoryTable") AS memories`)
        ).rows,
    );
    expect(left).toEqual({ links: 1, memories: 1 });
  });

  test('names in lists and inside of values go from the audit log, an address in any case', async () => {
    const metadata = { owners: [person.name], watchers: [{ mail: person.email.toUpperCase() }] };
    for (const [name, value] of Object.entries(metadata)) {
      await done('/key/update', { key: other.key, metadata: { [name]: value } });
    }
    await done('/key/update', { key: other.key, metadata: {} });
    const told = (name: string) =>
      query('SELECT FROM "LiteLLM_AuditLog" AS log WHERE strpos(lower(log::text), lower($1)) > 0', name);
    await erased('--user', person.name);
    expect([await told(person.name), await told(person.email)]).toEqual([[], []]);
  });

  test.each(['admin', 'user', 'user_id'])(
    'whose id is the word %s takes nothing of others along',
    async (word) => {
      const filled = () =>
        query(
          `SELECT count(*) FROM "LiteLLM_AuditLog" WHERE before_value IS NOT NULL OR updated_values IS NOT NULL`,
        );
      const alerts = () => query('SELECT count(*) FROM alert_outbox');
      await query(
        `INSERT INTO alert_outbox (event, scope, body, created_at, due_at) VALUES ('budget', $1, $2, now(), now())`,
        `user:${other.name}`,
        JSON.stringify({ user_id: other.name, event_group: 'user' }),
      );
      const before = await alerts();
      await done('/user/new', { user_id: word, auto_create_key: false });
      const [rows] = await filled();
      expect((await erased('--user', word)).found.auditRows).toBe(1);
      const [{ count: left } = {}] = (await filled()) as { count?: number }[];
      // The row that says that he was made is blanked, and one says that somebody was deleted.
      expect([{ count: left }, await alerts()]).toEqual([rows, before]);
    },
  );

  test('an address that several have names nobody, and none of them', async () => {
    const twin = await someone();
    await asOwner((db) =>
      db.query('UPDATE "LiteLLM_UserTable" SET user_email = $2 WHERE user_id = $1', [
        twin.name,
        person.email,
      ]),
    );
    const { team_id = '' } = await done('/team/new', {});
    await done('/team/member_add', { team_id, member: { role: 'user', user_id: twin.name } });
    for (const verb of ['export', 'delete']) {
      await expect(command(verb, '--user', person.email)).rejects.toThrow('several users have the address');
    }
    await erased('--user', person.name);
    const { team_info } = (await gateway.call(`/team/info?team_id=${team_id}`)).body;
    expect(team_info.members_with_roles).toContainEqual({
      role: 'user',
      user_id: twin.name,
      user_email: person.email,
    });
    // Now it is one person's.
    expect((await erased('--user', person.email)).id).toBe(twin.name);
  });

  test('waits for rows as whoever stores calls does, so that neither is ended', async () => {
    await asOwner(async (db) => {
      await db.query('BEGIN');
      await db.query('SELECT FROM "LiteLLM_TeamMembership" WHERE user_id = $1 FOR NO KEY UPDATE', [
        person.name,
      ]);
      const erasing = erased('--user', person.name);
      // Only its own role is told what a connection waits for.
      const waiting = async () => {
        const { rowCount } = await asOwner((onlooker) =>
          onlooker.query(`
            SELECT FROM pg_stat_activity WHERE datname = current_database()
              AND application_name = 'litellm-migrate' AND wait_event_type = 'Lock'`),
        );
        return rowCount;
      };
      await expect.poll(waiting, { timeout: 10_000 }).toBe(1);
      await db.query('SELECT FROM budget_state WHERE strpos(scope, $1) > 0 ORDER BY scope FOR UPDATE', [
        person.name,
      ]);
      await db.query('COMMIT');
      await erasing;
    });
    expect(await tablesWith(person.name)).toEqual([]);
  });

  test.each([
    ['the built-in admin', 'default_user_id', /is no person/],
    ['the row of the whole gateway', 'litellm-proxy-budget', /is no person/],
  ])('is refused for %s', async (_title, id, message) => {
    await expect(command('delete', '--user', id)).rejects.toThrow(message);
  });

  test('is refused for the last proxy admin, until there is another one', async () => {
    const role = (id: string, to: string) =>
      asOwner((db) => db.query('UPDATE "LiteLLM_UserTable" SET user_role = $2 WHERE user_id = $1', [id, to]));
    await role('default_user_id', 'internal_user');
    await role(person.name, 'proxy_admin');
    await expect(command('delete', '--user', person.name)).rejects.toThrow('is the last proxy admin');
    await role('default_user_id', 'proxy_admin');
    await erased('--user', person.name);
  });
});

test('a customer is deleted from the rows of calls, and whose key it was stays', async () => {
  const customer = `customer-${randomUUID()}`;
  await done('/customer/new', { user_id: customer, alias: `alias of ${customer}` });
  await query(
    `INSERT INTO alert_outbox (event, scope, body, created_at, due_at) VALUES ('budget', $1, '{}', now(), now())`,
    `end_user:${customer}`,
  );
  await insertSpendLogs(gateway.db, [
    spendRecord({ userId: other.name, endUser: customer, keyAlias: 'shop', ...words(customer) }),
  ]);
  const before = await totals();
  const { pseudonym, found } = await erased('--customer', customer);
  expect(found).toMatchObject({ accounts: 1, spendRows: 1, dailyRows: 1 });
  expect(await tablesWith(customer)).toEqual([]);
  expect(await totals()).toEqual(before);
  expect(await query('SELECT * FROM "LiteLLM_SpendLogs" WHERE end_user = $1', pseudonym)).toMatchObject([
    { user: other.name, metadata: { user_api_key_alias: 'shop' }, requester_ip_address: null },
  ]);
  await insertSpendLogs(gateway.db, [spendRecord({ endUser: customer, ...words(customer) })]);
  expect(await tablesWith(customer)).toEqual([]);
  // A pseudonym has calls and no account.
  const calls = await query('SELECT FROM "LiteLLM_SpendLogs" WHERE end_user = $1', pseudonym);
  expect(calls).toHaveLength(2);
  expect(await query('SELECT FROM "LiteLLM_EndUserTable" WHERE user_id = $1', pseudonym)).toEqual([]);
  expect((await verifyAudit(gateway.db)).broken).toBeNull();
});

test.each([
  ['no verb', [], /say 'export' or 'delete'/],
  ['nobody', ['delete'], /name one person/],
  ['two people', ['delete', '--user', 'a', '--customer', 'b'], /name one person/],
  ['a file that is none', ['export', '--user', 'a', '--fd', 'x'], /--fd wants a number/],
])('%s is refused', (_title, args, message) => {
  expect(() => readPersonalDataArguments(args)).toThrow(message);
});
