/** How the gateway ends, and what it refuses to start with. */
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { deployment, eventsOf, MESSAGES, postChat } from '../harness/chat.ts';
import { type FakeProvider, Gate, startFakeProvider } from '../harness/fake-provider.ts';
import { type GatewayProcess, runGateway, startGateway } from '../harness/gateway-process.ts';
import { type PostgresServer, startPostgres, type TestDatabase } from '../harness/postgres.ts';

let postgres: PostgresServer;
let provider: FakeProvider;

beforeAll(async () => {
  postgres = await startPostgres({ major: 17 });
  provider = await startFakeProvider();
});

afterAll(async () => {
  await provider?.close();
  await postgres?.stop();
});

const config = () => stringify({ model_list: [deployment('one', provider.url)] });

function start(
  database: TestDatabase,
  environment: Readonly<Record<string, string>> = {},
): Promise<GatewayProcess> {
  const keys = { TEST_PROVIDER_KEY: provider.apiKey, ...environment };
  return startGateway({ database, config: config(), environment: keys });
}

async function rowCount(database: TestDatabase): Promise<number> {
  const client = new Client({ connectionString: postgres.superuserUrl(database.name) });
  await client.connect();
  const { rows } = await client.query('SELECT count(*)::int AS count FROM "LiteLLM_SpendLogs"');
  await client.end();
  return rows[0].count;
}

/** Opens a stream that the provider holds after its first event. */
async function heldStream(gateway: GatewayProcess): Promise<{ gate: Gate; answer: Response }> {
  const gate = new Gate();
  provider.script({ kind: 'answer', gate });
  gate.release();
  const answer = await postChat({
    url: gateway.url,
    body: { model: 'one', messages: MESSAGES, stream: true, max_tokens: 2 },
  });
  return { gate, answer };
}

test('SIGTERM lets a running stream end, refuses new calls meanwhile and stores every row', async () => {
  const database = await postgres.createDatabase();
  const gateway = await start(database);
  expect(gateway.ready()).toBe(true);
  expect(await (await fetch(`${gateway.url}/health/liveliness`)).json()).toBe("I'm alive!");
  expect(await (await fetch(`${gateway.url}/health/readiness`)).json()).toEqual({
    status: 'healthy',
    db: 'connected',
  });
  const { gate, answer } = await heldStream(gateway);

  gateway.signal('SIGTERM');
  await expect.poll(() => gateway.ready()).toBe(false);
  const refused = await postChat({ url: gateway.url, body: { model: 'one', messages: MESSAGES } });
  expect(refused.status).toBe(503);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await refused.json()).toMatchObject({ error: { type: 'service_unavailable', code: '503' } });
  expect((await fetch(`${gateway.url}/health/readiness`)).status).toBe(503);
  const alive = await fetch(`${gateway.url}/health/liveliness`);
  expect([alive.status, await alive.json()]).toEqual([503, { status: 'shutting_down' }]);

  for (let event = 0; event < 6; event++) gate.release();
  expect(eventsOf(await answer.text()).at(-1)).toBe('[DONE]');
  expect(await gateway.stop()).toEqual({ code: 0, signal: null });
  expect(await rowCount(database)).toBe(1);
});

test('a stream that outlives the drain is cut, and its row says so', async () => {
  const database = await postgres.createDatabase();
  const gateway = await start(database, { LITELLM_DRAIN_SECONDS: '0' });
  const { answer } = await heldStream(gateway);
  const cut = expect(answer.text()).rejects.toThrow();
  expect(await gateway.stop()).toEqual({ code: 0, signal: null });
  await cut;
  const client = new Client({ connectionString: postgres.superuserUrl(database.name) });
  await client.connect();
  const { rows } = await client.query(
    'SELECT status, prompt_tokens > 0 AS estimated FROM "LiteLLM_SpendLogs"',
  );
  await client.end();
  expect(rows).toEqual([{ status: 'failure', estimated: true }]);
});

test('an answer whose client has left is read on while the gateway stops, within its limit', async () => {
  const database = await postgres.createDatabase();
  const leave = async (gateway: GatewayProcess): Promise<Gate> => {
    const { gate, answer } = await heldStream(gateway);
    await answer.body?.cancel();
    gateway.signal('SIGTERM');
    await expect.poll(() => gateway.ready()).toBe(false);
    return gate;
  };
  const patient = await start(database);
  const gate = await leave(patient);
  for (let event = 0; event < 6; event++) gate.release();
  expect((await patient.stop()).code).toBe(0);
  const hasty = await start(database, { LITELLM_DRAIN_SECONDS: '0.2' });
  await leave(hasty);
  expect((await hasty.stop()).code).toBe(0);
  const client = new Client({ connectionString: postgres.superuserUrl(database.name) });
  await client.connect();
  const { rows } = await client.query(
    `SELECT status, completion_tokens, coalesce((metadata->>'estimated')::boolean, false) AS estimated
     FROM "LiteLLM_SpendLogs" ORDER BY "startTime"`,
  );
  await client.end();
  expect(rows).toEqual([
    { status: 'failure', completion_tokens: 2, estimated: false },
    { status: 'failure', completion_tokens: expect.any(Number), estimated: true },
  ]);
});

test('a second signal ends it at once', async () => {
  const gateway = await start(await postgres.createDatabase());
  const { answer } = await heldStream(gateway);
  const cut = expect(answer.text()).rejects.toThrow();
  gateway.signal('SIGTERM');
  await expect.poll(() => gateway.ready()).toBe(false);
  gateway.signal('SIGTERM');
  expect((await gateway.ended).code).toBe(70);
  await cut;
});

test('rows made while the database is away are stored when it is back', async () => {
  await using server = await startPostgres({ major: 16 });
  const database = await server.createDatabase();
  const gateway = await start(database);
  expect((await postChat({ url: gateway.url, body: { model: 'one', messages: MESSAGES } })).status).toBe(200);
  await server.crash();
  expect((await postChat({ url: gateway.url, body: { model: 'one', messages: MESSAGES } })).status).toBe(200);
  const stopped = gateway.stop();
  await server.restart();
  expect((await stopped).code).toBe(0);
  const client = new Client({ connectionString: server.superuserUrl(database.name) });
  await client.connect();
  const { rows } = await client.query('SELECT count(*)::int AS count FROM "LiteLLM_SpendLogs"');
  await client.end();
  expect(rows[0].count).toBe(2);
});

describe('a start is refused', () => {
  test('without secrets, naming each and where it is set', async () => {
    const { code, output } = await runGateway({
      config: config(),
      environment: { LITELLM_MASTER_KEY: '', LITELLM_SALT_KEY: '' },
    });
    expect(code).toBe(1);
    for (const name of ['LITELLM_MASTER_KEY', 'LITELLM_SALT_KEY', 'DATABASE_URL']) {
      expect(output).toContain(`${name}: is not set; set it in /etc/litellm/litellm.env`);
    }
  });

  test('on a database that was never migrated, naming what to run', async () => {
    const database = await postgres.createDatabase({ migrated: false });
    const { code, output } = await runGateway({ config: config(), database });
    expect(code).toBe(1);
    expect(output).toContain('litellm-migrate');
  });

  test('without a database', async () => {
    const { code } = await runGateway({
      config: config(),
      environment: { DATABASE_URL: 'postgresql://litellm@127.0.0.1:1/litellm' },
    });
    expect(code).toBe(1);
  });
});

describe('--check', () => {
  test('says that a configuration is good without starting', async () => {
    const environment = { DATABASE_URL: 'postgresql://litellm@localhost/nowhere' };
    const { code, output } = await runGateway({ config: config(), environment }, ['--check']);
    expect(code).toBe(0);
    expect(output).toContain('good; 0 of 1 models active');
  });

  test('names every fault at once', async () => {
    const faulty =
      'general_settings: {master_kye: sk-1}\nlitellm_settings: {guardrails: [pii]}\nmodel_list: []\n';
    const { code, output } = await runGateway({ config: faulty }, ['--check']);
    expect(code).toBe(1);
    expect(output).toContain(
      "general_settings.master_kye: nobody knows this setting; did you mean 'master_key'?",
    );
    expect(output).toContain('litellm_settings.guardrails: is not served yet');
    expect(output).toContain('model_list: is missing or empty');
  });
});
