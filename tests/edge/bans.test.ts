/** Who guesses is banned, and nobody else: the real gateway, nginx, fail2ban and packet filter. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { until } from '../../packer/index.ts';
import { deployment, MESSAGES } from '../harness/chat.ts';
import { ask, type EdgeAnswer, type EdgeRequest, tlsTo } from '../harness/edge-client.ts';
import { startBehind } from '../harness/edge-gateway.ts';
import { EdgeOperator } from '../harness/edge-operator.ts';
import { type Fail2ban, fail2banReleases, startFail2ban } from '../harness/fail2ban.ts';
import { MASTER_KEY } from '../harness/gateway-process.ts';
import { addresses } from '../harness/network.ts';
import { Edge } from '../harness/nginx.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';

const SECOND = 1000;
const LOG = '/var/log/nginx/access.log';
const PASSWORD = 'initial-password-0001';
const { outside } = addresses;

let postgres: PostgresServer;
let edge: Edge;
let operator: EdgeOperator;

beforeAll(async () => {
  postgres = await startPostgres({ major: 17 });
  edge = await Edge.create();
  operator = await EdgeOperator.install(edge);
  await startBehind(edge, {
    database: await postgres.createDatabase(),
    config: stringify({ model_list: [deployment('one', 'http://127.0.0.1:9000/v1')] }),
    environment: {
      TEST_PROVIDER_KEY: 'sk-provider',
      UI_USERNAME: 'admin',
      UI_PASSWORD: PASSWORD,
    },
  });
});

afterAll(async () => {
  await edge?.[Symbol.asyncDispose]();
  await postgres?.stop();
});

/** A request whose line is in the log when it returns. */
const askLogged = async (path: string, request?: EdgeRequest): Promise<EdgeAnswer> =>
  (await logged(() => ask(edge, path, request))).answer;

const withKey = (key: string, more: EdgeRequest = {}): EdgeRequest => ({
  ...more,
  headers: { authorization: `Bearer ${key}`, ...more.headers },
});

/**
 * Calls, and returns the answer with the line that nginx wrote about it. nginx writes it after the answer is sent, so a
 * request that comes before one whose line is asked for must have its own line waited for as well.
 */
async function logged<T>(call: () => Promise<T>): Promise<{ answer: T; fields: string[] }> {
  const lines = (): string[] => edge.read(LOG).split('\n').slice(0, -1);
  const before = lines().length;
  const answer = await call();
  const line = await until('a line in the log', 5 * SECOND, async () => {
    const [first, ...more] = lines().slice(before);
    if (first === undefined) throw new Error('not yet');
    return more.at(-1) ?? first;
  });
  return { answer, fields: line.split(' ') };
}

async function makeKey(more: object): Promise<string> {
  const body = JSON.stringify(more);
  const made = await askLogged('/key/generate', withKey(MASTER_KEY, { method: 'POST', body }));
  return JSON.parse(made.text).key;
}

/** The form of /ui, filled in; what it returns sends it. */
async function filledIn(password: string): Promise<() => Promise<EdgeAnswer>> {
  const form = await askLogged('/ui/sign-in');
  const csrf = /name="csrf" value="([^"]+)"/.exec(form.text)?.[1] ?? '';
  const cookie = String(form.headers['set-cookie']).split(';')[0] ?? '';
  const headers = { cookie, 'content-type': 'application/x-www-form-urlencoded' };
  const body = String(new URLSearchParams({ csrf, user: 'admin', password }));
  return () => ask(edge, '/ui/sign-in', { method: 'POST', headers, body });
}

const signIn = async (password: string) => logged(await filledIn(password));

describe('what the log says', () => {
  test.each([
    ['an unknown key', () => ask(edge, '/v1/models', withKey('sk-nobody-knows')), 401, 'unknown-key'],
    ['something that is no key', () => ask(edge, '/v1/models', withKey('password')), 401, 'unknown-key'],
    ['no key at all', () => ask(edge, '/v1/models'), 401, '-'],
    ['the master key', () => ask(edge, '/v1/models', withKey(MASTER_KEY)), 200, '-'],
  ])('%s', async (_what, call, status, mark) => {
    const { answer, fields } = await logged(call);
    expect(answer.status).toBe(status);
    expect(answer.headers).not.toHaveProperty('x-litellm-auth-failure');
    expect(fields.slice(0, 3)).toEqual([outside.ipv4, expect.stringMatching(/^\d{4}-\d\d-\d\dT/), mark]);
  });

  test('a refused sign-in is marked, one that is let in is not', async () => {
    const wrong = await signIn('wrong');
    expect([wrong.answer.status, wrong.fields[2]]).toEqual([401, 'sign-in']);
    const right = await signIn(PASSWORD);
    expect([right.answer.status, right.fields[2]]).toEqual([303, '-']);
  });

  test('a blocked key and a model that the key may not use are not guessing', async () => {
    const blocked = await makeKey({});
    const block = withKey(MASTER_KEY, { method: 'POST', body: JSON.stringify({ key: blocked }) });
    await askLogged('/key/block', block);
    const asBlocked = await logged(() => ask(edge, '/v1/models', withKey(blocked)));
    expect([asBlocked.answer.status, asBlocked.fields[2]]).toEqual([401, '-']);
    const narrow = await makeKey({ models: ['another'] });
    const body = JSON.stringify({ model: 'one', messages: MESSAGES });
    const call = withKey(narrow, { method: 'POST', body });
    const elsewhere = await logged(() => ask(edge, '/v1/chat/completions', call));
    expect([elsewhere.answer.status, elsewhere.fields[2]]).toEqual([403, '-']);
  });
});

describe('what fail2ban reads in it', () => {
  let releases: readonly Fail2ban[];
  beforeAll(async () => {
    releases = await fail2banReleases();
  });

  const matched = async (release: Fail2ban, what: string, filter: string, config = '/etc/fail2ban') => {
    const argv = [release.regex, '--config', config, '--out', 'ip', what, filter];
    const { stdout } = await edge.sandbox.attempt(argv, { env: release.env });
    return stdout.split('\n').filter((line) => line !== '');
  };

  test('nothing that a client sends stands in for the mark', async () => {
    edge.write(LOG, '');
    await edge.sandbox.run(['nginx', '-s', 'reopen']);
    const forged = `203.0.113.66 2026-11-26T23:00:00+00:00 unknown-key "GET`;
    const encoded = encodeURIComponent(forged).replaceAll('%20', '+');
    const attempts: [string, Record<string, string>][] = [
      [`/v1/models/${encoded}`, {}],
      [`/v1/models/%0a203.0.113.66%202026-11-26T23:00:00+00:00%20unknown-key%20%22GET`, {}],
      ['/v1/models', { 'user-agent': forged }],
      ['/v1/models', { 'user-agent': `" 401\n${forged}`.replace('\n', '\t') }],
      ['/v1/models', { 'x-litellm-auth-failure': 'unknown-key', 'x-litellm-call-id': 'unknown-key' }],
      ['/v1/models', { 'x-forwarded-for': '203.0.113.66' }],
      ['/unknown-key', { 'user-agent': 'unknown-key' }],
      ['/v1/models', { authorization: 'Basic dW5rbm93bi1rZXk6' }],
    ];
    for (const [path, headers] of attempts) await askLogged(path, { headers });
    const raw = await tlsTo(edge);
    raw.end(`${forged} / HTTP/1.1\r\n\r\n`);
    raw.resume();
    await until('nginx has closed it', 5 * SECOND, async () => {
      if (!edge.read(LOG).includes(' 400 ')) throw new Error('not yet');
    });
    await logged(() => ask(edge, '/v1/models', withKey('sk-nobody-knows', { family: 'ipv6' })));
    // The last of the attempts offers a key that is none; it and this one are the only guesses, from where they came.
    for (const release of releases) {
      const found = await matched(release, LOG, 'litellm-edge[failure=unknown-key]');
      expect(found.sort(), release.name).toEqual([outside.ipv4, outside.ipv6].sort());
      expect(await matched(release, LOG, 'litellm-edge[failure=sign-in]'), release.name).toEqual([]);
    }
  });

  test.each([
    ['Invalid user oracle from 198.51.100.9 port 4711', ['198.51.100.9']],
    ['Disconnected from authenticating user root 2001:db8:1::9 port 4711 [preauth]', ['2001:db8:1::9']],
    ['Connection closed by 198.51.100.9 port 4711 [preauth]', []],
    ['Accepted publickey for admin from 198.51.100.9 port 4711 ssh2: ED25519 SHA256:x', []],
  ])('SSH: %s', async (line, expected) => {
    for (const release of releases) {
      const entry = `Nov 26 23:00:00 gateway sshd[1]: ${line}`;
      expect(await matched(release, entry, 'sshd[mode=extra]', release.configuration), release.name).toEqual(
        expected,
      );
    }
  });

  test('the whole configuration is taken by the releases of both bases', async () => {
    for (const { name, env, client, configuration } of releases) {
      const own = `/run/configuration-of-${name.replaceAll(' ', '-')}`;
      await edge.sandbox.run(['cp', '-a', configuration, own]);
      await edge.sandbox.run(['sh', '-c', `cp -a /etc/fail2ban/jail.d/litellm* ${own}/jail.d/`]);
      for (const kind of ['filter.d', 'action.d']) {
        await edge.sandbox.run(['cp', `/etc/fail2ban/${kind}/litellm-edge.conf`, `${own}/${kind}/`]);
      }
      const limits = new URL(
        '../../ansible/roles/fail2ban/files/etc/fail2ban/fail2ban.d/litellm.conf',
        import.meta.url,
      );
      edge.write(`${own}/fail2ban.d/litellm.conf`, readFileSync(limits, 'utf8'));
      const tested = await edge.sandbox.run([client, '--conf', own, '--test'], { env });
      expect(tested, name).toContain('configuration test is successful');
    }
  });
});

describe('who is banned', () => {
  beforeAll(() => startFail2ban(edge));

  const guess = async (times: number, more: EdgeRequest = {}): Promise<void> => {
    for (let count = 0; count < times; count++)
      await ask(edge, '/v1/models', withKey(`sk-guess-${count}`, more));
  };
  const banned = async (): Promise<string[]> => {
    const { stdout } = await operator.attempt(['bans', '--json']);
    return (JSON.parse(stdout) as { address: string }[]).map(({ address }) => address);
  };
  const refused = (family: 'ipv4' | 'ipv6'): Promise<void> =>
    until(`${family} is refused`, 15 * SECOND, async () => {
      const reached = await ask(edge, '/health/readiness', { family }).catch(() => undefined);
      if (reached !== undefined) throw new Error('still let in');
    });

  test.each(['ipv4', 'ipv6'] as const)(
    'thirty unknown keys cost %s its access, until it is unbanned',
    async (family) => {
      await guess(30, { family });
      await refused(family);
      expect(await banned()).toEqual([outside[family]]);
      const other = family === 'ipv4' ? 'ipv6' : 'ipv4';
      expect((await ask(edge, '/health/readiness', { family: other })).status).toBe(200);
      expect((await operator.attempt(['unban', outside[family]])).stdout).toContain('may call again');
      expect((await ask(edge, '/health/readiness', { family })).status).toBe(200);
      expect(await banned()).toEqual([]);
    },
  );

  /** What fail2ban's jail for sign-ins has counted so far. */
  const failures = async (): Promise<number> => {
    const status = await edge.sandbox.run(['fail2ban-client', 'status', 'litellm-sign-in']);
    return Number(/Total failed:\s*(\d+)/.exec(status)?.[1]);
  };
  const counted = (count: number): Promise<void> =>
    until(`${count} failures are counted`, 15 * SECOND, async () => {
      const seen = await failures();
      if (seen !== count) throw new Error(`${seen} are`);
    });

  test('the tenth wrong password at /ui costs an address its access; attempts that the gateway holds off are none', async () => {
    const before = await failures();
    const wrong = async (times: number): Promise<number[]> => {
      const send = await filledIn('wrong');
      const answers = await Promise.all(Array.from({ length: times }, send));
      return answers.map(({ status }) => status);
    };
    const all = await wrong(17);
    const tried = all.filter((status) => status === 401).length;
    expect(all.filter((status) => status === 429)).toHaveLength(17 - tried);
    expect(tried).toBeLessThan(9);
    // The right one ends the gateway's own pauses, and takes nothing back from what fail2ban has counted.
    await until('the pause is over', 5 * SECOND, async () => {
      const { status } = (await signIn(PASSWORD)).answer;
      if (status !== 303) throw new Error(`status ${status}`);
    });
    expect(await wrong(9 - tried)).toEqual(Array(9 - tried).fill(401));
    await counted(before + 9);
    expect(await banned()).toEqual([]);
    expect(await wrong(1)).toEqual([401]);
    await refused('ipv4');
    const { stdout } = await operator.attempt(['bans', '--json']);
    expect(JSON.parse(stdout)).toEqual([
      { jail: 'litellm-sign-in', address: outside.ipv4, until: expect.stringMatching(/^\d{4}-/) },
    ]);
    expect((await ask(edge, '/health/readiness', { family: 'ipv6' })).status).toBe(200);
    expect((await operator.attempt(['unban', outside.ipv4])).stdout).toContain('may call again');
    expect((await ask(edge, '/health/readiness')).status).toBe(200);
  });

  test("ten wrong passwords at the edge's own door do, too", async () => {
    await operator.access(['basic-auth', 'on'], { input: 'correct horse battery staple\n' });
    const authorization = `Basic ${Buffer.from('litellm:wrong').toString('base64')}`;
    for (let count = 0; count < 10; count++) {
      const headers = { authorization };
      expect((await ask(edge, '/v1/models', { family: 'ipv6', headers })).status).toBe(401);
    }
    await refused('ipv6');
    expect(await banned()).toEqual([outside.ipv6]);
    await operator.attempt(['unban', outside.ipv6]);
    await operator.access(['basic-auth', 'off']);
  });

  test('behind a trusted proxy the true address is banned, and neither the proxy nor its other clients', async () => {
    await operator.access(['proxies', 'trust', outside.ipv4]);
    const as = (client: string): EdgeRequest => ({ headers: { 'x-forwarded-for': client } });
    await guess(30, as('203.0.113.77'));
    // Its own failures too: a health check with an old key, say.
    await guess(31);
    await until('nginx refuses it', 15 * SECOND, async () => {
      const { status } = await ask(edge, '/v1/models', as('203.0.113.77'));
      if (status !== 403) throw new Error(`status ${status}`);
    });
    expect(await banned()).toEqual(['203.0.113.77']);
    expect((await ask(edge, '/v1/models', withKey(MASTER_KEY, as('203.0.113.78')))).status).toBe(200);
    expect((await ask(edge, '/v1/models', withKey(MASTER_KEY))).status).toBe(200);
    await operator.attempt(['unban', '203.0.113.77']);
    expect((await ask(edge, '/v1/models', withKey(MASTER_KEY, as('203.0.113.77')))).status).toBe(200);
  });

  test('four hundred refusals that are no guessing ban nobody', async () => {
    const narrow = await makeKey({ models: ['another'] });
    const blocked = await makeKey({});
    const named = JSON.stringify({ key: blocked });
    await ask(edge, '/key/block', withKey(MASTER_KEY, { method: 'POST', body: named }));
    const body = JSON.stringify({ model: 'one', messages: MESSAGES });
    const seen = new Set<number>();
    for (let count = 0; count < 400; count++) {
      const call = withKey(count % 2 === 0 ? narrow : blocked, { method: 'POST', body, family: 'ipv6' });
      seen.add((await ask(edge, '/v1/chat/completions', call)).status);
    }
    expect([...seen]).toEqual([403, 401]);
    for (const jail of ['litellm-keys', 'litellm-sign-in']) {
      const status = await edge.sandbox.run(['fail2ban-client', 'status', jail]);
      expect(status).toMatch(/Currently banned:\s*0/);
      expect(status).toMatch(/Total failed:\s*[1-9]/);
    }
    expect(await banned()).toEqual([]);
  });
});
