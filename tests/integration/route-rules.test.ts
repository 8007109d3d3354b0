/** Routes that the operator closes, or keeps for proxy admins. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type AdminGateway, startAdminGateway } from '../harness/admin-gateway.ts';
import { deployment } from '../harness/chat.ts';
import { MASTER_KEY, startGateway } from '../harness/gateway-process.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';

let server: PostgresServer;
let gateway: AdminGateway;
let address: string;
let keys: Readonly<Record<'admin' | 'viewer' | 'user', string>>;

beforeAll(async () => {
  server = await startPostgres({ major: 17 });
  gateway = await startAdminGateway(await server.createDatabase(), {
    routeRules: {
      allowed: ['/v1/models', '/key/*', '/user/new', '/user/list', '/cache/*'],
      adminOnly: ['/key/generate', '/user/list'],
    },
  });
  const keyOf = async (user_role: string) =>
    (await gateway.call('/user/new', { body: { user_role } })).body.key;
  keys = {
    admin: await keyOf('proxy_admin'),
    viewer: await keyOf('proxy_admin_viewer'),
    user: await keyOf('internal_user'),
  };
  address = await gateway.app.listen({ port: 0, host: '127.0.0.1' });
});
afterAll(async () => {
  await gateway?.close();
  await server?.stop();
});

describe('with allowed_routes', () => {
  test('a route that they do not name is closed to everybody, the master key too', async () => {
    const refused = { status: 403, body: { error: { type: 'auth_error', code: '403' } } };
    expect(await gateway.call('/team/list')).toMatchObject(refused);
    expect(await gateway.call('/model/info', { key: keys.user })).toMatchObject(refused);
    const chat = await fetch(`${address}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.masterKey}` },
    });
    expect(chat.status).toBe(403);
    expect(await chat.text()).toContain('general_settings.allowed_routes');
  });

  test('the others are open, and so is what takes no key', async () => {
    expect((await gateway.call('/v1/models', { key: keys.user })).status).toBe(200);
    expect((await gateway.call('/key/info', { key: keys.user })).status).toBe(200);
    expect((await gateway.call('/cache/ping')).status).toBe(501);
    expect((await gateway.app.inject('/ui/sign-in')).statusCode).toBe(200);
  });

  test('a stranger is told nothing of them', async () => {
    expect((await gateway.call('/team/list', { key: 'sk-nobody' })).status).toBe(401);
  });
});

test('admin_only_routes are for proxy admins, whoever else may call them by its role', async () => {
  const user = { user_id: 'somebody' };
  expect((await gateway.call('/key/generate', { key: keys.user, body: {} })).status).toBe(403);
  expect((await gateway.call('/user/list', { key: keys.viewer })).status).toBe(403);
  expect((await gateway.call('/user/list', { key: keys.admin })).status).toBe(200);
  expect((await gateway.call('/key/generate', { key: keys.admin, body: user })).status).toBe(200);
  expect((await gateway.call('/key/generate', { body: {} })).status).toBe(200);
});

test('the configuration file closes routes, and says which header holds keys', async () => {
  await using started = await startGateway({
    database: await server.createDatabase(),
    environment: { TEST_PROVIDER_KEY: 'of-nobody' },
    config: stringify({
      general_settings: { litellm_key_header_name: 'X-Own-Key', allowed_routes: ['/v1/models'] },
      model_list: [deployment('m', 'http://127.0.0.1:9')],
    }),
  });
  const ask = async (path: string, headers: Readonly<Record<string, string>>) =>
    (await fetch(`${started.url}${path}`, { headers })).status;
  const bearer = `Bearer ${MASTER_KEY}`;
  expect(await ask('/v1/models', { 'x-own-key': bearer, authorization: 'Bearer of-the-provider' })).toBe(200);
  expect(await ask('/v1/models', { authorization: bearer })).toBe(401);
  expect(await ask('/v1/models', { 'x-own-key': MASTER_KEY })).toBe(401);
  expect(await ask('/key/info', { 'x-own-key': bearer })).toBe(403);
});
