import { hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthenticator, openPool } from '../../gateway/index.ts';
import { type AdminGateway, inUtc, startAdminGateway } from '../harness/admin-gateway.ts';
import { type PostgresServer, startPostgres, type TestDatabase } from '../harness/postgres.ts';

const HOUR = 3_600_000;

describe.each([16, 17] as const)('PostgreSQL %i', (major) => {
  let server: PostgresServer;
  let database: TestDatabase;
  let gateway: AdminGateway;
  let now = Date.UTC(2026, 10, 21, 12);

  beforeAll(async () => {
    // Durable: one test crashes the server and expects its rows back.
    server = await startPostgres({ major, durable: true });
    database = await server.createDatabase();
    gateway = await startAdminGateway(database, { clock: () => now });
  });
  afterAll(async () => {
    await gateway.close();
    await server.stop();
  });

  const asSuperuser = async (text: string): Promise<object[]> => {
    const client = new Client({ connectionString: server.superuserUrl(database.name) });
    await client.connect();
    const { rows } = await client.query(text).finally(() => client.end());
    return rows;
  };
  const generate = async (body: object = {}): Promise<Record<string, unknown> & { key: string }> => {
    const answer = await gateway.call('/key/generate', { body });
    expect(answer.status).toBe(200);
    return answer.body;
  };
  const statusOf = async (key: string): Promise<number> => (await gateway.call('/v1/models', { key })).status;

  test('a generated key has every member that LiteLLM answers', async () => {
    const answer = await generate();
    expect(answer.key).toMatch(/^sk-[\w-]{22}$/);
    const token = hash('sha256', answer.key);
    expect(answer).toEqual({
      key: answer.key,
      token,
      token_id: token,
      key_name: `sk-...${answer.key.slice(-4)}`,
      key_alias: null,
      expires: null,
      user_id: null,
      team_id: null,
      organization_id: null,
      project_id: null,
      models: [],
      aliases: {},
      config: {},
      spend: 0,
      max_budget: null,
      soft_budget: null,
      budget_duration: null,
      budget_id: null,
      litellm_budget_table: null,
      max_parallel_requests: null,
      tpm_limit: null,
      rpm_limit: null,
      metadata: {},
      permissions: {},
      budget_limits: null,
      model_max_budget: {},
      model_rpm_limit: null,
      model_tpm_limit: null,
      allowed_cache_controls: [],
      allowed_routes: [],
      guardrails: null,
      policies: null,
      prompts: null,
      tags: null,
      enforced_params: null,
      blocked: null,
      router_settings: {},
      access_group_ids: [],
      object_permission: null,
      created_by: 'default_user_id',
      updated_by: 'default_user_id',
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      updated_at: expect.any(String),
    });
  });

  test('an empty body makes a key that may use every model', async () => {
    const answer = await gateway.app.inject({
      method: 'POST',
      url: '/key/generate',
      headers: { authorization: `Bearer ${gateway.masterKey}` },
    });
    expect(answer.statusCode).toBe(200);
    expect(await statusOf(answer.json().key)).toBe(200);
  });

  test('the owner of a key is who the route is told', async () => {
    const { key, token } = await generate({
      user_id: 'ada',
      key_alias: 'identity',
      models: ['m1'],
      spend: 1.5,
    });
    expect((await gateway.call('/v1/models', { key })).body).toEqual({
      kind: 'virtual_key',
      role: 'internal_user',
      keyHash: token,
      keyAlias: 'identity',
      userId: 'ada',
      teamId: null,
      organizationId: null,
      agentId: null,
      models: ['m1'],
      aliases: { key: {}, team: {} },
      limits: { requests: null, tokens: null, parallel: null, models: {} },
      ownerLimits: [],
      budgets: [],
      team: null,
      userModels: [],
      organizationModels: [],
      memberOfTeams: [],
      adminOfTeams: [],
      adminOfOrganizations: [],
      allowedRoutes: [],
      seesAllSums: false,
      requiredParams: [],
      tags: { key: [], team: [] },
      redacted: false,
      spend: 1.5,
    });
  });

  test('a chosen key works and cannot be taken twice', async () => {
    const body = { key: `sk-chosen-${major}` };
    expect((await generate(body)).key).toBe(body.key);
    expect(await statusOf(body.key)).toBe(200);
    const again = await gateway.call('/key/generate', { body });
    expect(again).toMatchObject({ status: 400, body: { error: { param: 'key', code: '400' } } });
  });

  test('one alias at twenty generations at once names one key', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => gateway.call('/key/generate', { body: { key_alias: 'one' } })),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array.from({ length: 19 }, () => 400)]);
  });

  test('an expired key is refused with both times', async () => {
    const { key, expires } = await generate({ duration: '2h' });
    expect(expires).toBe(new Date(now + 2 * HOUR).toISOString());
    expect(await statusOf(key)).toBe(200);
    now += 2 * HOUR;
    const { status, body } = await gateway.call('/v1/models', { key });
    expect(status).toBe(401);
    expect(body.error).toMatchObject({ type: 'expired_key', param: `sk-${key[3]}****${key.slice(-4)}` });
    expect(body.error.message).toContain('Expired Key');
    expect(body.error.message).toContain(expires);
    expect(body.error.message).not.toContain(key);
  });

  test('an update changes what was sent, keeps the rest, and reaches authentication at once', async () => {
    const { key, token } = await generate({
      key_alias: 'to-update',
      models: ['m1'],
      metadata: { team: 'red' },
      model_rpm_limit: { m1: 3 },
      rpm_limit: 10,
      duration: '1d',
    });
    expect((await gateway.call('/v1/models', { key })).body.limits.requests).toBe(10);
    const body = { key: token, rpm_limit: 9_000_000_000, tpm_limit: 500, max_parallel_requests: 2 };
    expect(await gateway.call('/key/update', { body })).toMatchObject({ status: 200, body });
    expect((await gateway.call('/v1/models', { key })).body).toMatchObject({
      models: ['m1'],
      limits: { requests: 9_000_000_000, tokens: 500, parallel: 2 },
    });
    const forever = { key, duration: '-1', models: [], model_tpm_limit: { m1: 70 }, key_alias: 'to-update' };
    expect((await gateway.call('/key/update', { body: forever })).status).toBe(200);
    const { info } = (await gateway.call(`/key/info?key=${key}`)).body;
    expect(info).toMatchObject({
      key_alias: 'to-update',
      models: [],
      expires: null,
      metadata: { team: 'red', model_rpm_limit: { m1: 3 }, model_tpm_limit: { m1: 70 } },
      rpm_limit: 9_000_000_000,
      updated_by: 'default_user_id',
    });
  });

  test('an update cannot take another key\u2019s alias', async () => {
    await generate({ key_alias: 'taken' });
    const { key } = await generate();
    const answer = await gateway.call('/key/update', { body: { key, key_alias: 'taken', blocked: true } });
    expect(answer).toMatchObject({ status: 400, body: { error: { param: 'key_alias' } } });
    expect(await statusOf(key)).toBe(200);
  });

  test('a blocked key is refused at once, and admitted again when the block is lifted', async () => {
    const { key, token } = await generate();
    expect(await statusOf(key)).toBe(200);
    const blocked = await gateway.call('/key/block', { body: { key } });
    expect(blocked).toMatchObject({ status: 200, body: { token, blocked: true } });
    const refused = await gateway.call('/v1/models', { key });
    expect(refused).toMatchObject({ status: 401, body: { error: { type: 'auth_error', param: 'None' } } });
    expect(refused.body.error.message).toContain('/key/unblock');
    expect((await gateway.call('/key/unblock', { body: { key: token } })).body).toMatchObject({
      blocked: false,
    });
    expect(await statusOf(key)).toBe(200);
  });

  test('a deleted key is refused at once and kept as a copy', async () => {
    const { key, token } = await generate({ key_alias: 'to-delete', metadata: { team: 'red' } });
    expect(await statusOf(key)).toBe(200);
    const answer = await gateway.call('/key/delete', { body: { keys: [key] } });
    expect(answer).toMatchObject({ status: 200, body: { deleted_keys: [key] } });
    expect(await gateway.call('/v1/models', { key })).toMatchObject({
      status: 401,
      body: { error: { type: 'token_not_found_in_db', param: 'key' } },
    });
    const listed = await gateway.call(`/key/list?status=deleted&key_hash=${token}&return_full_object=true`);
    expect(listed.body.keys).toMatchObject([
      { token, key_alias: 'to-delete', metadata: { team: 'red' }, deleted_by: 'default_user_id' },
    ]);
  });

  test('keys are deleted by alias and by hash too', async () => {
    const { token } = await generate();
    await generate({ key_alias: 'by-alias' });
    const body = { keys: [token], key_aliases: ['by-alias', 'nobody'] };
    expect((await gateway.call('/key/delete', { body })).body.deleted_keys.sort()).toEqual(
      [token, 'by-alias'].sort(),
    );
  });

  test('a change in one gateway reaches another at once', async () => {
    const second = await startAdminGateway(database, { clock: () => now });
    try {
      const { key } = await generate();
      expect((await second.call('/v1/models', { key })).status).toBe(200);
      await gateway.call('/key/block', { body: { key } });
      await expect
        .poll(async () => (await second.call('/v1/models', { key })).status, { timeout: 5000 })
        .toBe(401);
    } finally {
      await second.close();
    }
  });

  const spokenOfListening = (of: AdminGateway): object[] =>
    of
      .logged()
      .split('\n')
      .filter((line) => line.includes('key changes'))
      .map((line) => {
        const { time: _, ...entry } = JSON.parse(line);
        return entry;
      });

  test('a gateway whose listening connection broke hears of changes again', async () => {
    const second = await startAdminGateway(database, { clock: () => now });
    try {
      const { key } = await generate();
      await second.certain();
      expect((await second.call('/v1/models', { key })).status).toBe(200);
      await asSuperuser(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT version FROM key_changes'",
      );
      await gateway.call('/key/block', { body: { key } });
      await expect
        .poll(async () => (await second.call('/v1/models', { key })).status, { timeout: 10_000 })
        .toBe(401);
      await expect
        .poll(() => spokenOfListening(second), { timeout: 10_000 })
        .toEqual([
          {
            level: 'warn',
            msg: 'key changes are not heard: the connection that listens is lost',
            err: expect.objectContaining({ type: 'DatabaseError', code: '57P01' }),
          },
          { level: 'info', msg: 'key changes are heard again' },
        ]);
    } finally {
      await second.close();
    }
  });

  test('connections that break under load fail single requests and no more', async () => {
    const made: number[] = [];
    const load = Promise.all(
      Array.from({ length: 8 }, async () => {
        for (let each = 0; each < 25; each++) {
          made.push((await gateway.call('/key/generate', { body: { user_id: 'load' } })).status);
        }
      }),
    );
    for (let kill = 0; kill < 20; kill++) {
      await asSuperuser(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'litellm' AND query <> 'SELECT version FROM key_changes'",
      );
    }
    await load;
    expect(new Set(made.filter((status) => status !== 200 && status !== 503))).toEqual(new Set());
    const { body } = await gateway.call('/key/list?user_id=load');
    const answered = made.filter((status) => status === 200).length;
    // A key whose answer was lost may be stored all the same; a key that was answered always is.
    expect(body.total_count).toBeGreaterThanOrEqual(answered);
    expect(await statusOf((await generate()).key)).toBe(200);
  });

  test('the look-up of a key reads every table by an index', async () => {
    const { key } = await generate({ user_id: 'planned' });
    const pool = openPool(database.runtimeUrl, { max: 1 });
    const authenticator = createAuthenticator({
      db: pool,
      masterKey: gateway.masterKey,
      clock: () => now,
      nextReset: inUtc,
    });
    await authenticator.authenticate({ authorization: `Bearer ${key}` });
    await pool.query('SET enable_seqscan = off');
    const { rows } = await pool.query(`EXPLAIN EXECUTE find_key('x')`);
    await pool.end();
    const plan = rows.map((line) => line['QUERY PLAN']).join('\n');
    expect(plan).toContain('LiteLLM_VerificationToken_pkey');
    expect(plan).toContain('LiteLLM_UserTable_pkey');
    expect(plan).toContain('LiteLLM_TeamTable_pkey');
    expect(plan).toContain('LiteLLM_TeamTable_members_with_roles_idx');
    expect(plan).toContain('LiteLLM_OrganizationMembership_pkey');
    expect(plan).toContain('LiteLLM_DeprecatedVerificationToken_token_key');
    expect(plan).not.toContain('Seq Scan');
  });

  test('the master key has no row to read', async () => {
    expect(await gateway.call('/key/info')).toMatchObject({ status: 404, body: { error: { param: 'key' } } });
  });

  test.each([
    ['delete without keys', '/key/delete', {}, 422],
    ['delete with an empty list', '/key/delete', { keys: [] }, 422],
    ['delete of unknown keys', '/key/delete', { keys: ['sk-unknown'] }, 404],
    ['block without a key', '/key/block', {}, 422],
    ['block of what is no key', '/key/block', { key: 'alias' }, 400],
    ['block of an unknown key', '/key/block', { key: 'sk-unknown' }, 404],
    ['update without a key', '/key/update', { rpm_limit: 1 }, 422],
    ['update of what is no key', '/key/update', { key: 'alias', rpm_limit: 1 }, 400],
    ['update of an unknown key', '/key/update', { key: 'sk-unknown', rpm_limit: 1 }, 404],
    ['a negative limit', '/key/generate', { rpm_limit: -1 }, 422],
    ['a limit of half a call', '/key/generate', { max_parallel_requests: 0.5 }, 422],
    ['a limit that the column cannot hold', '/key/generate', { max_parallel_requests: 2 ** 31 }, 422],
    ['a limit of a model that is a text', '/key/generate', { model_rpm_limit: { m: 'few' } }, 422],
    ['the same inside metadata', '/key/generate', { metadata: { model_tpm_limit: { m: 'few' } } }, 422],
    ['a switch that is none', '/key/generate', { metadata: { turn_off_message_logging: 'yes' } }, 422],
    ['a chosen key without sk-', '/key/generate', { key: 'my-own' }, 400],
    ['a chosen key that no header can carry', '/key/generate', { key: 'sk-a b' }, 400],
    ['a wrong type', '/key/generate', { models: 'gpt-4o' }, 422],
    ['an unreadable duration', '/key/generate', { duration: 'soon' }, 400],
    ['an alias with a NUL character', '/key/generate', { key_alias: 'a\u0000b' }, 400],
  ])('%s is refused', async (_title, path, body, status) => {
    expect((await gateway.call(path, { body })).status).toBe(status);
  });

  test('a member of the wrong type is named as LiteLLM names it', async () => {
    const { body } = await gateway.call('/key/generate', { body: { models: 'gpt-4o' } });
    expect(body).toEqual({
      detail: [{ loc: ['body', 'models'], msg: 'must be array,null', type: 'type' }],
    });
  });

  test('a field that nothing would enforce is refused by name, and no key is made', async () => {
    const before = (await gateway.call('/key/list')).body.total_count;
    const answer = await gateway.call('/key/generate', { body: { guardrails: ['pii'] } });
    expect(answer).toMatchObject({ status: 400, body: { error: { param: 'guardrails' } } });
    expect((await gateway.call('/key/list')).body.total_count).toBe(before);
  });

  test('fields that ask for nothing and fields that nobody knows are accepted', async () => {
    await generate({
      max_budget: null,
      tags: [],
      permissions: {},
      key_type: 'default',
      team_id: '',
      shoe_size: 42,
    });
  });

  test('a key reads itself by default, and by key or hash', async () => {
    const { key, token } = await generate({ key_alias: 'self' });
    for (const path of ['/key/info', `/key/info?key=${key}`, `/key/info?key=${token}`]) {
      const { status, body } = await gateway.call(path, { key });
      expect(status).toBe(200);
      expect(body.info).toMatchObject({
        key_alias: 'self',
        litellm_budget_table: null,
        object_permission: null,
      });
      expect(body.info).not.toHaveProperty('token');
      expect(body.key).toBe(path.split('=')[1] ?? token);
    }
  });

  test('a key cannot read a stranger\u2019s key, nor learn whether one exists', async () => {
    const mine = await generate();
    const other = await generate({ user_id: 'somebody' });
    const answers = await Promise.all(
      [other.key, 'sk-never-made'].map((named) => gateway.call(`/key/info?key=${named}`, { key: mine.key })),
    );
    expect(answers.map(({ status }) => status)).toEqual([403, 403]);
    expect(answers[0]?.body).toEqual(answers[1]?.body);
  });

  test('a key lists its own user\u2019s keys and no others', async () => {
    const first = await generate({ user_id: 'lister' });
    const second = await generate({ user_id: 'lister' });
    const lonely = await generate();
    const mine = await gateway.call('/key/list', { key: first.key });
    expect(mine.body.keys.sort()).toEqual([first.token, second.token].sort());
    expect((await gateway.call('/key/list', { key: lonely.key })).body.keys).toEqual([lonely.token]);
    for (const query of ['user_id=somebody', 'team_id=red', 'organization_id=x']) {
      const { status, body } = await gateway.call(`/key/list?${query}`, { key: first.key });
      expect([status, body.error.type]).toEqual([403, 'bad_request_error']);
    }
  });

  test('lists are paged and sorted as asked', async () => {
    for (const spend of [3, 1, 2]) await generate({ user_id: 'sorted', spend });
    const { body } = await gateway.call(
      '/key/list?user_id=sorted&size=2&page=2&sort_by=spend&sort_order=asc&return_full_object=true',
    );
    expect(body).toMatchObject({ total_count: 3, current_page: 2, total_pages: 2, keys: [{ spend: 3 }] });
  });

  test.each([
    ['an unknown column', 'sort_by=shoe_size', 400],
    ['an unknown status', 'status=lost', 400],
    ['page nought', 'page=0', 422],
    ['a size over 100', 'size=101', 422],
    ['SQL in a column', 'sort_by=token;drop%20table', 400],
  ])('a list with %s is refused', async (_title, query, status) => {
    expect((await gateway.call(`/key/list?${query}`)).status).toBe(status);
  });

  test.each(['/key/block', '/key/unblock'])('a key of an ordinary user may not call %s', async (path) => {
    const { key } = await generate({ user_id: 'ordinary' });
    expect(await gateway.call(path, { key, body: { key } })).toMatchObject({
      status: 401,
      body: { error: { type: 'auth_error' } },
    });
  });

  test('a user makes, changes, rotates and deletes keys of its own', async () => {
    const { key } = await generate({ user_id: 'maker' });
    const ask = (path: string, body: object) => gateway.call(path, { key, body });
    const made = await ask('/key/generate', { models: ['m1'], key_alias: 'made' });
    expect(made.body).toMatchObject({ user_id: 'maker', created_by: 'maker', models: ['m1'] });
    const updated = await ask('/key/update', { key: made.body.token, models: [], duration: '1h' });
    expect(updated).toMatchObject({
      status: 200,
      body: {
        key: made.body.token,
        models: [],
        key_alias: 'made',
        expires: new Date(now + HOUR).toISOString(),
      },
    });
    expect(updated.body).not.toHaveProperty('token');
    const rotated = await ask('/key/regenerate', { key: made.body.key });
    expect(rotated.body).toMatchObject({ key_alias: 'made', user_id: 'maker' });
    expect(await statusOf(made.body.key)).toBe(401);
    expect(await statusOf(rotated.body.key)).toBe(200);
    expect((await ask('/key/delete', { keys: [rotated.body.key] })).status).toBe(200);
    expect(await statusOf(rotated.body.key)).toBe(401);
  });

  test('a key that somebody was given is named and narrowed by him, and not widened', async () => {
    const { key } = await generate({ user_id: 'given', models: ['m1', 'm2'] });
    const ask = (body: object) => gateway.call('/key/update', { key, body: { key, ...body } });
    expect(await ask({ models: ['m1'], key_alias: `mine-${major}` })).toMatchObject({
      status: 200,
      body: { models: ['m1'] },
    });
    const raises = {
      models: [],
      duration: '90d',
      metadata: {},
      spend: 0,
      blocked: false,
      user_id: 'x',
      team_id: 'red',
      allowed_routes: [],
    };
    for (const [field, value] of Object.entries(raises)) {
      expect(await ask({ [field]: value })).toMatchObject({ status: 403, body: { error: { param: field } } });
    }
  });

  test('an update changes what is sent and nothing else', async () => {
    const { key } = await generate({ key_alias: 'kept', metadata: { a: 1 }, duration: '1h', models: ['m1'] });
    const update = async (body: object) =>
      (await gateway.call('/key/update', { body: { key, ...body } })).body;
    expect(await update({ blocked: true })).toMatchObject({
      key_alias: 'kept',
      metadata: { a: 1 },
      blocked: true,
    });
    expect(await statusOf(key)).toBe(401);
    expect(await update({ blocked: false, metadata: { b: 2 } })).toMatchObject({
      metadata: { b: 2 },
      models: ['m1'],
    });
    expect((await update({})).expires).not.toBeNull();
    expect((await update({ duration: '-1' })).expires).toBeNull();
    expect(await update({ key_alias: 'kept' })).toMatchObject({ key_alias: 'kept' });
    expect(await update({ spend: 2.5, key_alias: null })).toMatchObject({ spend: 2.5, key_alias: null });
    expect((await gateway.call('/key/update', { body: { key: 'sk-unknown' } })).status).toBe(404);
  });

  test('a rotated key works until its grace period ends, and acts as its successor', async () => {
    const { key, token } = await generate({ key_alias: 'rotates' });
    expect(await statusOf(key)).toBe(200);
    const answer = await gateway.call(`/key/${token}/regenerate`, { body: { grace_period: '2h' } });
    expect(answer.body).toMatchObject({ key_alias: 'rotates' });
    const successor = answer.body;
    expect((await gateway.call('/v1/models', { key })).body.keyHash).toBe(successor.token);
    await gateway.call('/key/block', { body: { key: successor.key } });
    expect([await statusOf(key), await statusOf(successor.key)]).toEqual([401, 401]);
    await gateway.call('/key/unblock', { body: { key: successor.key } });
    expect(await statusOf(key)).toBe(200);
    now += 2 * HOUR;
    expect([await statusOf(key), await statusOf(successor.key)]).toEqual([401, 200]);
    const listed = await gateway.call(`/key/list?status=deleted&key_hash=${token}&return_full_object=true`);
    expect(listed.body.keys).toMatchObject([{ token, key_alias: 'rotates' }]);
    const row = await gateway.call(`/key/info?key=${successor.key}`);
    expect(row.body.info.rotation_count).toBe(1);
  });

  test('a rotation without grace ends an earlier grace too', async () => {
    const first = await generate();
    const second = (await gateway.call('/key/regenerate', { body: { key: first.key, grace_period: '1d' } }))
      .body;
    expect(await statusOf(first.key)).toBe(200);
    const third = (
      await gateway.call('/key/regenerate', { body: { key: second.key, new_key: `sk-3-${major}` } })
    ).body;
    const keys = [first.key, second.key, third.key];
    expect(await Promise.all(keys.map(statusOf))).toEqual([401, 401, 200]);
    const taken = await gateway.call('/key/regenerate', {
      body: { key: third.key, new_key: (await generate()).key },
    });
    expect(taken).toMatchObject({ status: 400, body: { error: { param: 'new_key' } } });
  });

  test('a key is bound to the routes that it names', async () => {
    const reader = await generate({ key_type: 'read_only', user_id: 'reader' });
    expect(reader.allowed_routes).toEqual(['info_routes']);
    expect((await gateway.call('/key/info', { key: reader.key })).status).toBe(200);
    const refused = await gateway.call('/key/generate', { key: reader.key, body: {} });
    expect(refused).toMatchObject({ status: 403, body: { error: { type: 'auth_error', param: 'None' } } });
    const unknown = await gateway.call('/key/generate', { body: { allowed_routes: ['models'] } });
    expect(unknown).toMatchObject({ status: 400, body: { error: { param: 'allowed_routes' } } });
  });

  test('what guides call allowed_models bounds the key, and what nobody knows is named', async () => {
    const guided = await gateway.call('/key/generate', {
      body: { allowed_models: ['m1'], shoe_size: 42, 'a,\u00e9': 1 },
    });
    expect(guided.body.models).toEqual(['m1']);
    expect(guided.headers['x-litellm-ignored-fields']).toBe('shoe_size, a??');
    expect(gateway.logged()).toContain('shoe_size');
    const both = await gateway.call('/key/generate', { body: { allowed_models: ['m1'], models: ['m2'] } });
    expect(both).toMatchObject({ status: 400, body: { error: { param: 'allowed_models' } } });
  });

  test('a stolen hash is no key', async () => {
    const { token } = await generate();
    const { status, body } = await gateway.call('/v1/models', { key: String(token) });
    expect(status).toBe(401);
    expect(body.error.message).toContain("expected to start with 'sk-'");
    expect(body.error.message).not.toContain(String(token));
  });

  test('a cached key survives a database outage for five seconds, a new one is refused with 503', async () => {
    const { key } = await generate();
    const unseen = await generate();
    // Both changes are known of: one that is heard later would have everything forgotten.
    await gateway.certain();
    expect(await statusOf(key)).toBe(200);
    const spokenBefore = spokenOfListening(gateway).length;
    await server.crash();
    try {
      expect(await statusOf(key)).toBe(200);
      expect(await gateway.call('/v1/models', { key: unseen.key })).toMatchObject({
        status: 503,
        body: { error: { type: 'no_db_connection', param: 'None' } },
      });
      now += 5000;
      expect(await statusOf(key)).toBe(503);
      expect(await statusOf(gateway.masterKey)).toBe(200);
    } finally {
      // Long enough for several attempts to connect.
      await sleep(2000);
      await server.restart();
    }
    expect(await statusOf(key)).toBe(200);
    await expect.poll(() => spokenOfListening(gateway).length, { timeout: 20_000 }).toBe(spokenBefore + 2);
    expect(spokenOfListening(gateway).slice(spokenBefore)).toMatchObject([
      { level: 'warn' },
      { level: 'info' },
    ]);
  });

  test('no table, log or error holds a plain key', async () => {
    const secrets: string[] = [gateway.masterKey];
    for (let made = 0; made < 3; made++) secrets.push((await generate()).key);
    await gateway.call('/key/delete', { body: { keys: [secrets[1]] } });
    await gateway.call('/v1/models', { key: `${secrets[1]}` });
    const { rows: tables } = await gateway.db.query(
      "SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'",
    );
    expect(tables.length).toBeGreaterThan(20);
    const dumps = await Promise.all(
      tables.map(({ name }) => gateway.db.query(`SELECT to_jsonb(t)::text AS line FROM ${name} t`)),
    );
    const dump = dumps.flatMap(({ rows }) => rows.map(({ line }) => line)).join('\n');
    expect(dump).toContain(hash('sha256', secrets[2] ?? ''));
    for (const secret of secrets) {
      expect(dump).not.toContain(secret);
      expect(gateway.logged()).not.toContain(secret);
      expect(server.log()).not.toContain(secret);
    }
  });
});
