import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type AdminGateway,
  type AdminGatewayOptions,
  INITIAL_PASSWORD,
  startAdminGateway,
} from '../harness/admin-gateway.ts';
import { type PostgresServer, startPostgres, type TestDatabase } from '../harness/postgres.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const OWN_PASSWORD = 'correct horse battery';
const SESSION = '__Host-litellm_session';

/** A browser as far as these pages need one: it keeps cookies and reads the token of a form. */
class Visitor {
  readonly cookies = new Map<string, string>();
  readonly #gateway: AdminGateway;
  readonly #address: string;

  constructor(gateway: AdminGateway, address = '192.0.2.1') {
    this.#gateway = gateway;
    this.#address = address;
  }

  async #send(method: 'GET' | 'POST', url: string, payload: string | undefined, headers: object) {
    const answer = await this.#gateway.app.inject({
      method,
      url,
      remoteAddress: this.#address,
      headers: {
        host: 'gateway.example',
        cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...headers,
      },
      ...(payload === undefined ? {} : { payload }),
    });
    for (const { name, value, maxAge } of answer.cookies as {
      name: string;
      value: string;
      maxAge?: number;
    }[]) {
      if (value === '' || maxAge === 0) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return answer;
  }

  get(url: string) {
    return this.#send('GET', url, undefined, {});
  }

  async submit(url: string, fields: Record<string, string>, headers: object = {}) {
    const form = await this.get(url);
    const csrf = /name="csrf" value="([^"]+)"/.exec(form.body)?.[1] ?? '';
    return this.post(url, { csrf, ...fields }, headers);
  }

  post(url: string, fields: Record<string, string>, headers: object = {}) {
    return this.#send('POST', url, new URLSearchParams(fields).toString(), {
      'content-type': 'application/x-www-form-urlencoded',
      origin: 'https://gateway.example',
      ...headers,
    });
  }

  signIn(password: string, user = 'admin') {
    return this.submit('/ui/sign-in', { user, password });
  }

  choose(password: string, repeated = password, current = '') {
    return this.submit('/ui/password', { password, repeated, current });
  }
}

describe.each([16, 17] as const)('PostgreSQL %i', (major) => {
  let server: PostgresServer;
  let database: TestDatabase;
  let gateway: AdminGateway;
  let now = Date.UTC(2026, 10, 21, 12);
  const clock = () => now;
  const start = (options: AdminGatewayOptions = {}) => startAdminGateway(database, { clock, ...options });

  beforeAll(async () => {
    server = await startPostgres({ major });
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    database = await server.createDatabase();
    gateway = await start();
    return () => gateway.close();
  });

  const settled = async (): Promise<Visitor> => {
    const visitor = new Visitor(gateway);
    await visitor.signIn(INITIAL_PASSWORD);
    await visitor.choose(OWN_PASSWORD);
    return visitor;
  };
  const isSignedIn = async (visitor: Visitor): Promise<boolean> =>
    (await visitor.get('/ui')).statusCode === 200;

  test('a stranger is led to the sign-in form', async () => {
    const answer = await new Visitor(gateway).get('/ui');
    expect([answer.statusCode, answer.headers.location]).toEqual([303, '/ui/sign-in']);
  });

  test('the initial password opens only the form that replaces it', async () => {
    const visitor = new Visitor(gateway);
    const answer = await visitor.signIn(INITIAL_PASSWORD);
    expect([answer.statusCode, answer.headers.location]).toEqual([303, '/ui/password']);
    const home = await visitor.get('/ui');
    expect([home.statusCode, home.headers.location]).toEqual([303, '/ui/password']);
  });

  test('after the change only the new password is valid', async () => {
    const visitor = await settled();
    expect(await isSignedIn(visitor)).toBe(true);
    const next = new Visitor(gateway);
    expect((await next.signIn(INITIAL_PASSWORD)).statusCode).toBe(401);
    expect((await next.signIn(OWN_PASSWORD)).headers.location).toBe('/ui');
  });

  test.each([
    ['short', 'short', 'short', 'at least 12'],
    ['entered differently', OWN_PASSWORD, `${OWN_PASSWORD}!`, 'differ'],
    ['the initial one', INITIAL_PASSWORD, INITIAL_PASSWORD, 'must not be the initial'],
    ['endless', 'x'.repeat(1025), 'x'.repeat(1025), 'at most 1024'],
  ])('a new password that is %s is refused with its reason', async (_title, password, repeated, reason) => {
    const visitor = new Visitor(gateway);
    await visitor.signIn(INITIAL_PASSWORD);
    const answer = await visitor.choose(password, repeated);
    expect(answer.statusCode).toBe(422);
    expect(answer.body).toContain(reason);
    expect((await visitor.get('/ui')).headers.location).toBe('/ui/password');
  });

  test('a later change wants the current password and ends the other sessions', async () => {
    const [visitor, other] = [await settled(), new Visitor(gateway)];
    await other.signIn(OWN_PASSWORD);
    const wrong = await visitor.choose('another long password', 'another long password', 'a guess');
    expect([wrong.statusCode, wrong.body]).toEqual([
      422,
      expect.stringContaining('current password is wrong'),
    ]);
    const before = visitor.cookies.get(SESSION);
    const right = await visitor.choose('another long password', 'another long password', OWN_PASSWORD);
    expect(right.headers.location).toBe('/ui');
    expect(visitor.cookies.get(SESSION)).not.toBe(before);
    expect([await isSignedIn(visitor), await isSignedIn(other)]).toEqual([true, false]);
  });

  test('the session cookie is out of reach for scripts, other sites and plain HTTP', async () => {
    const visitor = new Visitor(gateway);
    const answer = await visitor.signIn(INITIAL_PASSWORD);
    const header = [answer.headers['set-cookie']].flat().find((line) => line?.startsWith(SESSION));
    expect(header).toMatch(/^__Host-litellm_session=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
  });

  test('a session ends at sign-out, also for who copied its cookie', async () => {
    const visitor = await settled();
    const copy = new Visitor(gateway);
    copy.cookies.set(SESSION, visitor.cookies.get(SESSION) ?? '');
    expect(await isSignedIn(copy)).toBe(true);
    const csrf = /name="csrf" value="([^"]+)"/.exec((await visitor.get('/ui')).body)?.[1] ?? '';
    expect((await visitor.post('/ui/sign-out', { csrf })).headers.location).toBe('/ui/sign-in');
    expect(await isSignedIn(copy)).toBe(false);
  });

  test('a session ends after two idle hours', async () => {
    const visitor = await settled();
    now += 2 * HOUR - 1;
    expect(await isSignedIn(visitor)).toBe(true);
    now += 2 * HOUR;
    expect(await isSignedIn(visitor)).toBe(false);
  });

  test('a session in use ends after a day', async () => {
    const visitor = await settled();
    for (let hour = 1; hour < 24; hour++) {
      now += HOUR;
      expect(await isSignedIn(visitor)).toBe(true);
    }
    now += HOUR;
    expect(await isSignedIn(visitor)).toBe(false);
  });

  test('the right to replace the initial password ends after a quarter of an hour', async () => {
    const visitor = new Visitor(gateway);
    await visitor.signIn(INITIAL_PASSWORD);
    now += 15 * MINUTE;
    expect((await visitor.get('/ui/password')).headers.location).toBe('/ui/sign-in');
  });

  test('sessions and the own password outlive a restart', async () => {
    const visitor = await settled();
    await gateway.close();
    gateway = await start();
    const again = new Visitor(gateway);
    again.cookies.set(SESSION, visitor.cookies.get(SESSION) ?? '');
    expect(await isSignedIn(again)).toBe(true);
    expect((await new Visitor(gateway).signIn(OWN_PASSWORD)).headers.location).toBe('/ui');
  });

  test('a reset initial password is valid again, ends every session and voids the old password', async () => {
    const visitor = await settled();
    await gateway.close();
    gateway = await start({ initialPassword: 'reset-password-0002' });
    const again = new Visitor(gateway);
    again.cookies.set(SESSION, visitor.cookies.get(SESSION) ?? '');
    expect(await isSignedIn(again)).toBe(false);
    expect((await again.signIn(OWN_PASSWORD)).statusCode).toBe(401);
    expect((await again.signIn('reset-password-0002')).headers.location).toBe('/ui/password');
    expect((await again.choose(OWN_PASSWORD)).headers.location).toBe('/ui');
  });

  test('a session opened with an initial password that was reset since cannot replace the new one', async () => {
    const visitor = new Visitor(gateway);
    await visitor.signIn(INITIAL_PASSWORD);
    await gateway.close();
    gateway = await start({ initialPassword: 'reset-password-0002' });
    const again = new Visitor(gateway);
    again.cookies.set(SESSION, visitor.cookies.get(SESSION) ?? '');
    expect((await again.get('/ui/password')).headers.location).toBe('/ui/sign-in');
  });

  test('of two first changes at once one wins', async () => {
    const visitors = [new Visitor(gateway), new Visitor(gateway, '192.0.2.2')];
    for (const visitor of visitors) await visitor.signIn(INITIAL_PASSWORD);
    const answers = await Promise.all(visitors.map((visitor) => visitor.choose(OWN_PASSWORD)));
    const homes = await Promise.all(visitors.map(isSignedIn));
    expect(homes.filter(Boolean)).toHaveLength(1);
    expect(answers.filter(({ headers }) => headers.location === '/ui')).toHaveLength(1);
  });

  test.each([
    ['without a token', { csrf: '' }, {}],
    ['with a made-up token', { csrf: 'x'.repeat(43) }, {}],
    ['from another site', {}, { 'sec-fetch-site': 'cross-site' }],
    ['from a neighbouring host', {}, { 'sec-fetch-site': 'same-site' }],
    ['with another origin', {}, { origin: 'https://evil.example' }],
    ['with an opaque origin', {}, { origin: 'null' }],
  ])('the sign-in form %s is refused', async (_title, fields, headers) => {
    const visitor = new Visitor(gateway);
    const answer = await visitor.submit(
      '/ui/sign-in',
      { user: 'admin', password: INITIAL_PASSWORD, ...fields },
      headers,
    );
    expect(answer.statusCode).toBe(403);
    expect(visitor.cookies.has(SESSION)).toBe(false);
  });

  test('a token of another browser is refused', async () => {
    const [visitor, thief] = [new Visitor(gateway), new Visitor(gateway)];
    await visitor.get('/ui/sign-in');
    const stolen = /name="csrf" value="([^"]+)"/.exec((await thief.get('/ui/sign-in')).body)?.[1] ?? '';
    const answer = await visitor.post('/ui/sign-in', {
      csrf: stolen,
      user: 'admin',
      password: INITIAL_PASSWORD,
    });
    expect(answer.statusCode).toBe(403);
  });

  test('a forged sign-out leaves the session open', async () => {
    const visitor = await settled();
    expect((await visitor.post('/ui/sign-out', {}, { 'sec-fetch-site': 'cross-site' })).statusCode).toBe(403);
    expect(await isSignedIn(visitor)).toBe(true);
  });

  test('a form in JSON is refused', async () => {
    const answer = await new Visitor(gateway).submit(
      '/ui/sign-in',
      {},
      { 'content-type': 'application/json' },
    );
    expect(answer.statusCode).toBe(415);
  });

  test('wrong passwords slow an address down, also the right one after them and also over a restart', async () => {
    const visitor = new Visitor(gateway);
    for (let attempt = 1; attempt <= 5; attempt++) {
      expect((await visitor.signIn('a wrong guess')).statusCode).toBe(401);
    }
    const refused = await visitor.signIn(INITIAL_PASSWORD);
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([429, '2']);
    await gateway.close();
    gateway = await start();
    const again = new Visitor(gateway);
    expect((await again.signIn(INITIAL_PASSWORD)).statusCode).toBe(429);
    expect((await new Visitor(gateway, '192.0.2.99').signIn('a wrong guess')).statusCode).toBe(401);
    now += 2000;
    expect((await again.signIn('a wrong guess')).statusCode).toBe(401);
    expect((await again.signIn(INITIAL_PASSWORD)).headers['retry-after']).toBe('4');
    now += 4000;
    expect((await again.signIn(INITIAL_PASSWORD)).headers.location).toBe('/ui/password');
  });

  test('attempts at the same time share one count', async () => {
    const visitors = Array.from({ length: 12 }, () => new Visitor(gateway));
    const answers = await Promise.all(visitors.map((visitor) => visitor.signIn('a wrong guess')));
    expect(answers.filter(({ statusCode }) => statusCode === 401)).toHaveLength(5);
    expect(answers.filter(({ statusCode }) => statusCode === 429)).toHaveLength(7);
  });

  test('an unknown user is refused like a wrong password', async () => {
    const [unknown, wrong] = [new Visitor(gateway), new Visitor(gateway, '192.0.2.2')];
    const answers = [await unknown.signIn(INITIAL_PASSWORD, 'root'), await wrong.signIn('a wrong guess')];
    const pages = answers.map(({ body }) => body.replace(/value="[^"]*"/g, ''));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([401, 401]);
    expect(pages[0]).toBe(pages[1]);
  });

  test('an unknown user, a wrong password and the right one cost the same work', async () => {
    await settled();
    await new Visitor(gateway).signIn('warm up');
    const costs: number[] = [];
    for (const [password, user] of [
      ['a wrong guess', 'admin'],
      ['a wrong guess', 'root'],
      [OWN_PASSWORD, 'root'],
      [OWN_PASSWORD, 'admin'],
    ] as const) {
      const before = gateway.hasher.computations;
      await new Visitor(gateway, `198.51.100.${costs.length}`).signIn(password, user);
      costs.push(gateway.hasher.computations - before);
    }
    expect(costs).toEqual([1, 1, 1, 1]);
  });

  test('guesses from a hundred addresses slow everyone down, but not for long', async () => {
    for (let guess = 1; guess <= 100; guess++) {
      expect((await new Visitor(gateway, `198.51.100.${guess}`).signIn('a wrong guess')).statusCode).toBe(
        401,
      );
    }
    expect((await new Visitor(gateway, '203.0.113.1').signIn(INITIAL_PASSWORD)).statusCode).toBe(429);
    now += 2000;
    const later = await new Visitor(gateway, '203.0.113.1').signIn(INITIAL_PASSWORD);
    expect(later.headers.location).toBe('/ui/password');
  });

  test('a day without attempts forgives', async () => {
    const visitor = new Visitor(gateway);
    for (let attempt = 1; attempt <= 5; attempt++) await visitor.signIn('a wrong guess');
    now += 25 * HOUR;
    for (let attempt = 1; attempt <= 5; attempt++) {
      expect((await visitor.signIn('a wrong guess')).statusCode).toBe(401);
    }
  });

  test('the home page shows the state, the inactive model\u2019s variable and no secret', async () => {
    const visitor = await settled();
    await gateway.call('/key/generate', { body: {} });
    const { body, headers } = await visitor.get('/ui');
    for (const shown of [
      '1.2.3',
      `PostgreSQL ${major}`,
      '1 active, 1 inactive',
      'OPENAI_API_KEY',
      'certbot --nginx',
    ]) {
      expect(body).toContain(shown);
    }
    expect(body).toContain('https://gateway.example/key/generate'.replace('https', 'http'));
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['cache-control']).toBe('no-store');
    expect(body).not.toMatch(/<script|\sstyle=|\son\w+=/);
    for (const secret of [
      gateway.masterKey,
      INITIAL_PASSWORD,
      OWN_PASSWORD,
      visitor.cookies.get(SESSION) ?? '?',
    ]) {
      expect(body).not.toContain(secret);
    }
  });

  test('a host name that is no host name does not reach the commands', async () => {
    const visitor = await settled();
    const session = visitor.cookies.get(SESSION);
    const answer = await gateway.app.inject({
      url: '/ui',
      headers: { host: "x';reboot;'", cookie: `${SESSION}=${session}` },
    });
    expect(answer.body).not.toContain('reboot');
  });

  test('while the database is away a page says so with 503', async () => {
    const visitor = await settled();
    await server.crash();
    const answer = await visitor.get('/ui').finally(() => server.restart());
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['content-type']).toContain('text/html');
    expect(answer.body).toContain('database');
  });

  test('no table, log or page holds a password or a session', async () => {
    const visitor = await settled();
    const pages = [(await visitor.get('/ui')).body, (await visitor.get('/ui/password')).body].join('\n');
    const { rows: tables } = await gateway.db.query(
      "SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'",
    );
    const dumps = await Promise.all(
      tables.map(({ name }) => gateway.db.query(`SELECT to_jsonb(t)::text AS line FROM ${name} t`)),
    );
    const dump = dumps.flatMap(({ rows }) => rows.map(({ line }) => line)).join('\n');
    expect(dump).toMatch(/"password": "scrypt:\d+:\d+:\d+:[\w-]{22}:[\w-]{43}"/);
    for (const secret of [INITIAL_PASSWORD, OWN_PASSWORD, visitor.cookies.get(SESSION) ?? '?']) {
      expect(dump).not.toContain(secret);
      expect(gateway.logged()).not.toContain(secret);
      expect(server.log()).not.toContain(secret);
      expect(pages).not.toContain(secret);
    }
  });
});
