/** Changes of keys reach those who remember them, whatever becomes of the announcement. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { createLogs, openPool, watchKeyChanges } from '../../gateway/index.ts';
import { type AdminGateway, startAdminGateway } from '../harness/admin-gateway.ts';
import { deployment, MESSAGES, postChat } from '../harness/chat.ts';
import { type FakeProvider, Gate, startFakeProvider } from '../harness/fake-provider.ts';
import { type GatewayProcess, startGateway } from '../harness/gateway-process.ts';
import { manage } from '../harness/manage.ts';
import { type PostgresServer, startPostgres, type TestDatabase } from '../harness/postgres.ts';

const WAIT = { timeout: 15_000 };

let server: PostgresServer;
let database: TestDatabase;
let gateway: AdminGateway;
let now = Date.UTC(2026, 10, 28, 12);

beforeAll(async () => {
  // Durable: some tests crash the server and expect its rows back.
  server = await startPostgres({ major: 17, durable: true });
  database = await server.createDatabase();
  gateway = await startAdminGateway(database, { clock: () => now });
});
afterAll(async () => {
  await gateway?.close();
  await server?.stop();
});

const change = (text: string, values: readonly unknown[] = []) => gateway.db.query(text, [...values]);
const newKey = async (): Promise<{ key: string; token: string }> =>
  (await gateway.call('/key/generate', { body: {} })).body;

/** A way to the database that can fall silent without closing a connection, as a network that is gone does. */
class Silence implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  silent = false;

  constructor(port: number) {
    this.#server = createServer((client) => {
      const database = connect(port, '127.0.0.1');
      for (const [from, to] of [
        [client, database],
        [database, client],
      ] as const) {
        this.#sockets.add(from);
        from.on('data', (piece) => !this.silent && to.write(piece));
        from.on('close', () => to.destroy()).on('error', () => undefined);
      }
    });
  }

  static async open(port: number): Promise<Silence> {
    const way = new Silence(port);
    way.#server.listen(0, '127.0.0.1');
    await once(way.#server, 'listening');
    return way;
  }

  urlFor(url: string): string {
    const { port } = this.#server.address() as { port: number };
    return Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(port) }).href;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

/** A listener that notes what it hears. */
function listen(url: string) {
  const heard: string[] = [];
  const state = { confirmed: 0 };
  const db = openPool(url, { max: 1 });
  const listener = {
    evict: (subject: string) => void heard.push(subject),
    clear: () => void heard.push('everything'),
    confirmed: () => void state.confirmed++,
  };
  const { logger } = createLogs({ level: 'error', stream: { write: () => undefined } });
  const watch = watchKeyChanges(db, listener, { logger, now: () => 0 });
  return {
    heard,
    state,
    /** Waits until nothing can have been missed. */
    certain: async () => {
      const { confirmed } = state;
      await expect.poll(() => state.confirmed, WAIT).toBeGreaterThan(confirmed);
    },
    async [Symbol.asyncDispose]() {
      await watch.close();
      await db.end();
    },
  };
}

const cutListeners = () =>
  change(
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE query = 'SELECT version FROM key_changes'",
  );

describe('whoever listens', () => {
  test('hears of each change, and forgets nothing else', async () => {
    await using listener = listen(database.runtimeUrl);
    await listener.certain();
    const { token } = await newKey();
    await expect.poll(() => listener.heard, WAIT).toEqual(['everything', token]);
    await listener.certain();
    expect(listener.heard).toEqual(['everything', token]);
  });

  test('keeps what it knows when its connection broke and nothing was missed', async () => {
    await using listener = listen(database.runtimeUrl);
    await listener.certain();
    await cutListeners();
    await listener.certain();
    await listener.certain();
    expect(listener.heard).toEqual(['everything']);
  });

  test('forgets everything when a change was made while it could not hear', async () => {
    await using listener = listen(database.runtimeUrl);
    await listener.certain();
    await cutListeners();
    await newKey();
    await expect.poll(() => listener.heard, WAIT).toEqual(['everything', 'everything']);
  });

  test('forgets everything when an announcement was lost on a connection that stands', async () => {
    await using listener = listen(database.runtimeUrl);
    await listener.certain();
    await change('UPDATE key_changes SET version = version + 1');
    await expect.poll(() => listener.heard, WAIT).toEqual(['everything', 'everything']);
  });

  test('notices a connection that is silent, and is certain again behind it', async () => {
    await using way = await Silence.open(Number(new URL(database.runtimeUrl).port));
    await using listener = listen(way.urlFor(database.runtimeUrl));
    await listener.certain();
    way.silent = true;
    await newKey();
    // The old connection says nothing more; a new one does.
    setTimeout(() => {
      way.silent = false;
    }, 1500);
    await expect.poll(() => listener.heard.at(-1), WAIT).toBe('everything');
    await listener.certain();
  });
});

test('a change that nobody announced is in force within a second', async () => {
  const { key, token } = await newKey();
  const status = async () => (await gateway.call('/v1/models', { key })).status;
  expect(await status()).toBe(200);
  await change('UPDATE "LiteLLM_VerificationToken" SET blocked = true WHERE token = $1', [token]);
  await change('UPDATE key_changes SET version = version + 1');
  await expect.poll(status, WAIT).toBe(401);
});

test('where the operator says so, calls are served while the database is away', async () => {
  const open = await startAdminGateway(database, { clock: () => now, servesWithoutDatabase: true });
  try {
    const [known, blocked, unseen] = [await newKey(), await newKey(), await newKey()];
    await gateway.call('/key/block', { body: { key: blocked.key } });
    for (const { key } of [known, blocked]) await open.call('/v1/models', { key });
    await server.crash();
    now += 3_600_000;
    expect(await open.call('/v1/models', known)).toMatchObject({
      status: 200,
      body: { keyHash: known.token },
    });
    expect(await open.call('/v1/models', blocked)).toMatchObject({ status: 401 });
    expect(await open.call('/v1/models', unseen)).toMatchObject({
      status: 200,
      body: { keyHash: 'failed-to-connect-to-db', role: 'internal_user', userId: null, budgets: [] },
    });
    // It may call models, and nothing that tells or changes anything.
    expect(await open.call('/key/info', unseen)).toMatchObject({ status: 403 });
    expect(await gateway.call('/v1/models', known)).toMatchObject({ status: 503 });
    await server.restart();
    await expect
      .poll(async () => (await open.call('/v1/models', unseen)).body.keyHash, WAIT)
      .toBe(unseen.token);
  } finally {
    await open.close();
  }
});

describe('with cut_streams_on_block', () => {
  let provider: FakeProvider;
  let process: GatewayProcess;

  beforeAll(async () => {
    provider = await startFakeProvider();
    process = await startGateway({
      database,
      environment: { TEST_PROVIDER_KEY: provider.apiKey },
      config: stringify({
        general_settings: { cut_streams_on_block: true, proxy_batch_write_at: 0.1 },
        model_list: [deployment('m', provider.url)],
      }),
    });
  });
  afterAll(async () => {
    await process?.stop();
    await provider?.close();
  });

  /** A stream that has begun, and whose provider waits. */
  async function begin(key: string) {
    const gate = new Gate();
    provider.script({ kind: 'answer', gate });
    for (let event = 0; event < 3; event++) gate.release();
    const body = { model: 'm', messages: MESSAGES, stream: true, max_tokens: 50 };
    const answer = await postChat({ url: process.url, key, body });
    expect(answer.status).toBe(200);
    const text = answer.text();
    return { text, gate, callId: answer.headers.get('x-litellm-call-id') };
  }

  test.each([
    ['blocked', '/key/block', (key: string) => ({ key }), 'Key is blocked'],
    ['deleted', '/key/delete', (key: string) => ({ keys: [key] }), 'this key is not known'],
  ])(
    'a stream of a key that is %s elsewhere ends with the reason, and what was produced is billed',
    async (...[, path, body, reason]) => {
      const { key, token } = await newKey();
      const { text } = await begin(key);
      await gateway.call(path, { body: body(key) });
      const events = (await text).trimEnd().split('\n\n');
      expect(JSON.parse(events.at(-1)?.slice('data: '.length) ?? '')).toMatchObject({
        error: { message: expect.stringContaining(reason), code: '401' },
      });
      const rowsOf = async () =>
        (
          await change(
            `SELECT status, spend > 0 AS billed, metadata -> 'estimated' AS estimated, prompt_tokens > 0 AS read
           FROM "LiteLLM_SpendLogs" WHERE api_key = $1`,
            [token],
          )
        ).rows;
      await expect
        .poll(rowsOf, WAIT)
        .toEqual([{ status: 'failure', billed: true, estimated: true, read: true }]);
    },
  );

  test('the streams of other keys go on', async () => {
    const { key } = await newKey();
    const { key: other } = await manage(process.url, '/key/generate', {});
    const { text, gate } = await begin(key);
    await manage(process.url, '/key/block', { key: other });
    await manage(process.url, '/key/update', { key, rpm_limit: 100 });
    for (let event = 0; event < 100; event++) gate.release();
    expect(await text).toContain('data: [DONE]');
  });
});
