/** Invitations: a link that sets one user's password, once, within seven days. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type AdminGateway, startAdminGateway } from '../harness/admin-gateway.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';

const DAY = 24 * 60 * 60 * 1000;
const PASSWORD = 'correct horse battery';
let server: PostgresServer;
let gateway: AdminGateway;
let now = Date.UTC(2026, 10, 21, 12);
let userId: string;
let link: string;

beforeAll(async () => {
  server = await startPostgres({ major: 17 });
  gateway = await startAdminGateway(await server.createDatabase(), { clock: () => now });
});
afterAll(async () => {
  await gateway.close();
  await server.stop();
});
beforeEach(async () => {
  userId = (await gateway.call('/user/new', { body: { auto_create_key: false } })).body.user_id;
  link = (await gateway.call('/invitation/new', { body: { user_id: userId } })).body.id;
});

async function storedPassword(): Promise<string | null> {
  const { rows } = await gateway.db.query('SELECT password FROM "LiteLLM_UserTable" WHERE user_id = $1', [
    userId,
  ]);
  return rows[0].password;
}

const claim = (more: object = {}) =>
  gateway.call('/onboarding/claim_token', {
    body: { invitation_link: link, user_id: userId, password: PASSWORD, ...more },
  });

test('the link gives its user a password, of which only the hash is kept', async () => {
  expect((await claim()).status).toBe(200);
  const stored = await storedPassword();
  expect(stored).toMatch(/^scrypt:/);
  expect(await gateway.hasher.matches(PASSWORD, stored)).toBe(true);
  const told = (await gateway.call(`/user/info?user_id=${userId}`)).body.user_info;
  expect(told).not.toHaveProperty('password');
});

test.each([
  ['for another user', async () => claim({ user_id: 'default_user_id' })],
  [
    'a second time',
    async () => {
      await claim();
      return claim({ password: 'another password' });
    },
  ],
  [
    'after seven days',
    async () => {
      now += 7 * DAY;
      return claim();
    },
  ],
  [
    'after it was deleted',
    async () => {
      await gateway.call('/invitation/delete', { body: { invitation_id: link } });
      return claim();
    },
  ],
])('the link is refused %s, in the same words', async (_title, attempt) => {
  const before = (await attempt()).body;
  expect(before.error).toMatchObject({ type: 'auth_error', code: '401' });
  expect(before).toEqual((await claim({ invitation_link: 'made up' })).body);
});

test('of two who use one link at once, one does', async () => {
  const statuses = (await Promise.all([claim(), claim()])).map(({ status }) => status);
  expect(statuses.sort()).toEqual([200, 401]);
});

test('a refused link is marked as guessing, and is worth no hash', async () => {
  const before = gateway.hasher.computations;
  const { headers } = await claim({ invitation_link: 'made up' });
  expect(headers['x-litellm-auth-failure']).toBe('sign-in');
  expect(gateway.hasher.computations).toBe(before);
});

test('the audit log says what happened without the link or the password', async () => {
  await claim();
  const { rows } = await gateway.db.query('SELECT * FROM "LiteLLM_AuditLog"');
  const kept = JSON.stringify(rows);
  expect(kept).toContain('LiteLLM_InvitationLink');
  expect(kept).not.toContain(link);
  expect(kept).not.toContain('scrypt:');
  expect(gateway.logged()).not.toContain(link);
});

test('the built-in admin is not invited, nor given a password', async () => {
  const admin = { user_id: 'default_user_id' };
  expect((await gateway.call('/invitation/new', { body: admin })).status).toBe(400);
  expect((await gateway.call('/user/update', { body: { ...admin, password: PASSWORD } })).status).toBe(400);
});

test('a user changes its own password, and nobody else’s', async () => {
  const { key } = (await gateway.call('/user/new', { body: { password: PASSWORD } })).body;
  const own = await gateway.call('/key/info', { key });
  const self = own.body.info.user_id;
  const ask = (who: string) =>
    gateway.call('/user/update', { key, body: { user_id: who, password: 'a new password' } });
  expect((await ask(self)).status).toBe(200);
  expect((await ask(userId)).status).toBe(403);
  expect(await storedPassword()).toBeNull();
});

test('a user who is deleted is invited no longer', async () => {
  await gateway.call('/user/delete', { body: { user_ids: [userId] } });
  expect((await gateway.call(`/invitation/info?invitation_id=${link}`)).status).toBe(404);
});
