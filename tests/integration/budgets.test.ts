/** Budgets of keys on real gateway processes that share a database, before a provider that uses exactly what it may. */
import { once } from 'node:events';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { until } from '../../packer/index.ts';
import { deployment, MESSAGES, postChat } from '../harness/chat.ts';
import { type FakeProvider, startFakeProvider } from '../harness/fake-provider.ts';
import { type GatewayProcess, startGateway } from '../harness/gateway-process.ts';
import { manage } from '../harness/manage.ts';
import { type PostgresServer, startPostgres, type TestDatabase } from '../harness/postgres.ts';

/** Cheap prompts: what a call costs is its answer, all but exactly. */
const PRICE = {
  input_cost_per_token: 1e-9,
  cache_read_input_token_cost: 1e-9,
  cache_creation_input_token_cost: 1e-9,
  output_cost_per_token: 1e-6,
};
const ANSWER = { model: 'priced', messages: MESSAGES, max_tokens: 50 };
/** Ten answers at 50 micro-dollars, their prompts, and less than an eleventh. */
const TEN_CALLS = 520e-6;
const CALLS = 1000;

let postgres: PostgresServer;
let database: TestDatabase;
let provider: FakeProvider;
const gateways: GatewayProcess[] = [];

beforeAll(async () => {
  postgres = await startPostgres({ major: 17 });
});
afterAll(() => postgres?.stop());
beforeEach(async () => {
  database = await postgres.createDatabase();
  provider = await startFakeProvider();
});
afterEach(async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
  await provider.close();
});

async function start(enforcement?: 'strict' | 'compatible', more: object = {}): Promise<GatewayProcess> {
  const gateway = await startGateway({
    database,
    environment: { TEST_PROVIDER_KEY: provider.apiKey },
    config: stringify({
      general_settings: {
        proxy_batch_write_at: 0.05,
        on_client_disconnect: 'cancel',
        ...(enforcement && { budget_enforcement: enforcement }),
        ...more,
      },
      model_list: [
        deployment('priced', provider.url, PRICE),
        deployment('free', provider.url, { input_cost_per_token: 0, output_cost_per_token: 0 }),
        deployment('unpriced', provider.url, { model: 'openai/nobody-knows-this-model' }),
        deployment('mistral', provider.url, { model: 'mistral/small', ...PRICE }),
      ],
    }),
  });
  gateways.push(gateway);
  return gateway;
}

async function makeKey(gateway: GatewayProcess, body: object): Promise<string> {
  return String((await manage(gateway.url, '/key/generate', body)).key);
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    readonly error?: { readonly message: string; readonly type: string; readonly code: string };
  };
}

async function ask(gateway: GatewayProcess, key: string, body: object = ANSWER): Promise<Answer> {
  const answer = await postChat({ url: gateway.url, key, body });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Answer['body'] };
}

const countOf = (answers: readonly (Answer | undefined)[], status: number): number =>
  answers.filter((answer) => answer?.status === status).length;

async function query(text: string): Promise<Record<string, string>[]> {
  const client = new Client({ connectionString: postgres.superuserUrl(database.name) });
  await client.connect();
  return client
    .query(text)
    .then(({ rows }) => rows)
    .finally(() => client.end());
}

/** The budget once all rows are stored: what it says is what they cost, to the pico-dollar. */
async function settledBudget(calls: number): Promise<Record<string, string>> {
  return until('the rows of all calls', 20_000, async () => {
    const [row] = await query(
      `SELECT s.spent_pico, s.leased_pico, k.spend, count(l.*) AS calls, sum(round(l.spend::numeric * 1e12)) AS pico
       FROM budget_state s JOIN "LiteLLM_VerificationToken" k ON s.token = k.token
       LEFT JOIN "LiteLLM_SpendLogs" l ON l.api_key = k.token AND l.status = 'success'
       GROUP BY s.scope, k.token`,
    );
    expect(Number(row?.calls)).toBe(calls);
    return row as Record<string, string>;
  });
}

describe('a key with room for exactly ten calls', () => {
  test.each([1, 4])(`of ${CALLS} at once on %i processes ten reach the provider`, async (processes) => {
    for (let each = 0; each < processes; each++) await start('strict');
    const key = await makeKey(gateways[0] as GatewayProcess, { max_budget: TEN_CALLS });
    const answers = await Promise.all(
      Array.from({ length: CALLS }, (_, call) => ask(gateways[call % processes] as GatewayProcess, key)),
    );
    expect(provider.requests).toHaveLength(10);
    expect([countOf(answers, 200), countOf(answers, 429)]).toEqual([10, CALLS - 10]);
    const refused = answers.find(({ status }) => status === 429)?.body.error;
    expect(refused).toMatchObject({ type: 'budget_exceeded', code: '429' });
    expect(refused?.message).toMatch(
      /^Budget has been exceeded! Current cost: [\d.e-]+, Max budget: 0\.00052\. This call could cost up to 0\.00005\d+$/,
    );
    const { spent_pico, pico, spend } = await settledBudget(10);
    expect(spent_pico).toBe(pico);
    expect(Number(spend)).toBe(Number(pico) / 1e12);
  });

  test('with processes killed at random never more than ten reach the provider', async () => {
    for (let round = 0; round < 3; round++) {
      const seen = provider.requests.length;
      const members = await Promise.all([1, 2, 3, 4].map(() => start('strict')));
      const key = await makeKey(members[0] as GatewayProcess, { max_budget: TEN_CALLS });
      const victims = members.slice(0, 1 + Math.floor(Math.random() * 3));
      const answers = Array.from({ length: 400 }, (_, call) =>
        ask(members[call % members.length] as GatewayProcess, key).catch(() => undefined),
      );
      await provider.request(seen + 1 + Math.floor(Math.random() * 6));
      for (const victim of victims) victim.signal('SIGKILL');
      await Promise.all(answers);
      const fresh = await start('strict');
      const survivors = [...members.filter((member) => !victims.includes(member)), fresh];
      const more = await Promise.all(
        Array.from({ length: 100 }, (_, call) =>
          ask(survivors[call % survivors.length] as GatewayProcess, key),
        ),
      );
      const reached = provider.requests.length - seen;
      expect(reached).toBeLessThanOrEqual(10);
      expect(countOf(more, 200) + countOf(more, 429)).toBe(100);
      await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
    }
  });

  test('as in LiteLLM the call that crosses the line passes, but only one of them', async () => {
    for (let each = 0; each < 4; each++) await start();
    const key = await makeKey(gateways[0] as GatewayProcess, { max_budget: TEN_CALLS });
    const answers = await Promise.all(
      Array.from({ length: 400 }, (_, call) => ask(gateways[call % 4] as GatewayProcess, key)),
    );
    expect([countOf(answers, 200), provider.requests.length]).toEqual([11, 11]);
  });
});

test('a call that is blocked only by a running one waits until that is over, on another process too', async () => {
  const [gateway, other] = [await start('strict'), await start('strict')];
  const key = await makeKey(gateway, { max_budget: 70e-6 });
  provider.script({ kind: 'hang' });
  const client = new AbortController();
  const running = postChat({ url: gateway.url, key, body: ANSWER, signal: client.signal });
  const left = expect(running).rejects.toThrow('aborted');
  await provider.request(1);
  const listener = new Client({ connectionString: postgres.superuserUrl(database.name) });
  await listener.connect();
  await listener.query('LISTEN litellm_budgets');
  const announced = once(listener, 'notification');
  const waiting = ask(other, key);
  expect((await announced)[0].payload).toMatch(/^wanted key:/);
  await listener.end();
  expect(provider.requests).toHaveLength(1);
  // Nothing was answered, so no more than the prompt is to be paid.
  client.abort();
  await left;
  expect((await waiting).status).toBe(200);
});

test('a key whose budget has no room for the bytes of a prompt makes the calls that fit by tokens', async () => {
  const gateway = await start('strict');
  // 60,000 bytes and 12,001 tokens: 12 micro-dollars of a budget that has 50 for the answer and less than 60.
  const messages = [{ role: 'user', content: 'word '.repeat(12_000) }];
  const key = await makeKey(gateway, { max_budget: 75e-6 });
  const call = { ...ANSWER, messages };
  expect((await ask(gateway, key, call)).status).toBe(200);
  expect((await ask(gateway, key, call)).status).toBe(429);
});

test('a call that fails costs nothing', async () => {
  const gateway = await start('strict');
  const key = await makeKey(gateway, { max_budget: 60e-6 });
  provider.script({ kind: 'status', status: 500, body: '{}' }, { kind: 'cut', afterEvents: 0 });
  expect([(await ask(gateway, key)).status, (await ask(gateway, key)).status]).toEqual([500, 502]);
  expect((await ask(gateway, key)).status).toBe(200);
});

test('a call that names no limit gets one, and a quarter of what is left where it would take all', async () => {
  const gateway = await start('strict');
  const plain = { model: 'priced', messages: MESSAGES };
  const rich = await ask(gateway, await makeKey(gateway, { max_budget: 100 }), plain);
  // What the model makes at most.
  expect(rich.headers.get('x-litellm-max-tokens-set')).toBe('16384');
  expect((await provider.request(1)).body).toMatchObject({ max_completion_tokens: 16384 });
  const poor = await ask(gateway, await makeKey(gateway, { max_budget: 400e-6 }), plain);
  // A quarter is 100 micro-dollars: 100 tokens but for the prompt.
  expect(poor.headers.get('x-litellm-max-tokens-set')).toBe('99');
  expect((await provider.request(2)).body).toMatchObject({ max_completion_tokens: 99 });
  const named = await ask(gateway, await makeKey(gateway, { max_budget: 400e-6 }), ANSWER);
  expect(named.headers.get('x-litellm-max-tokens-set')).toBeNull();
  const unlimited = await ask(gateway, await makeKey(gateway, {}), plain);
  expect(unlimited.headers.get('x-litellm-max-tokens-set')).toBeNull();
  expect((await provider.request(4)).body).not.toHaveProperty('max_completion_tokens');
  const theirs = await ask(gateway, await makeKey(gateway, { max_budget: 100 }), {
    ...plain,
    model: 'mistral',
    max_tokens: null,
  });
  expect(theirs.status).toBe(200);
  const { body } = await provider.request(5);
  expect(body).toMatchObject({ max_tokens: 4096 });
  expect(body).not.toHaveProperty('max_completion_tokens');
});

test('a model without a price is refused where budgets are strict, and names the setting that prices it', async () => {
  const gateway = await start('strict');
  const unpriced = { ...ANSWER, model: 'unpriced' };
  const refused = await ask(gateway, await makeKey(gateway, { max_budget: 100 }), unpriced);
  expect(refused.status).toBe(400);
  expect(refused.body.error?.message).toContain('input_cost_per_token');
  expect((await ask(gateway, await makeKey(gateway, {}), unpriced)).status).toBe(200);
  const compatible = await start('compatible');
  expect((await ask(compatible, await makeKey(compatible, { max_budget: 100 }), unpriced)).status).toBe(200);
});

test('a model whose price is nothing asks no budget', async () => {
  const gateway = await start('strict');
  const key = await makeKey(gateway, { max_budget: 0 });
  expect((await ask(gateway, key)).status).toBe(429);
  expect((await ask(gateway, key, { ...ANSWER, model: 'free' })).status).toBe(200);
});

test('a raised and a lowered budget reach every process at once', async () => {
  const [one, two] = [await start('strict'), await start('strict')];
  const key = await makeKey(one, { max_budget: 60e-6 });
  expect((await ask(two, key)).status).toBe(200);
  expect((await ask(two, key)).status).toBe(429);
  await manage(one.url, '/key/update', { key, max_budget: 1 });
  await expect.poll(async () => (await ask(two, key)).status).toBe(200);
  await manage(one.url, '/key/update', { key, max_budget: 70e-6 });
  await expect.poll(async () => (await ask(two, key)).status).toBe(429);
  await manage(one.url, '/key/update', { key, max_budget: null });
  await expect.poll(async () => (await ask(two, key)).status).toBe(200);
});

test('a key that is rotated has what is left of its budget, on every process', async () => {
  const [one, two] = [await start('strict'), await start('strict')];
  const old = await makeKey(one, { max_budget: TEN_CALLS });
  for (const gateway of [one, two, one, two]) expect((await ask(gateway, old)).status).toBe(200);
  const key = String((await manage(one.url, '/key/regenerate', { key: old })).key);
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, call) => ask(call % 2 === 0 ? one : two, key)),
  );
  expect([countOf(answers, 200), countOf(answers, 429)]).toEqual([6, 14]);
  await expect.poll(async () => (await ask(two, old)).status).toBe(401);
  await until('the rows of all calls', 20_000, async () => {
    const [row] = await query(
      `SELECT s.spent_pico, (SELECT sum(round(spend::numeric * 1e12)) FROM "LiteLLM_SpendLogs") AS pico,
         (SELECT count(*) FROM "LiteLLM_SpendLogs" WHERE status = 'success') AS calls
       FROM budget_state s JOIN "LiteLLM_VerificationToken" k ON k.token = s.token`,
    );
    expect(row).toMatchObject({ calls: '10', spent_pico: row?.pico });
  });
});

test('a key is told of its budget before its team is looked at, and pays nothing for a team that is blocked', async () => {
  const gateway = await start('strict');
  const { team_id } = await manage(gateway.url, '/team/new', {});
  const spent = await makeKey(gateway, { team_id, max_budget: 0 });
  const key = await makeKey(gateway, { team_id, max_budget: 60e-6 });
  await manage(gateway.url, '/team/block', { team_id });
  expect(await ask(gateway, spent)).toMatchObject({
    status: 429,
    body: { error: { type: 'budget_exceeded' } },
  });
  for (const model of ['priced', 'nobody-serves-this']) {
    expect(await ask(gateway, key, { ...ANSWER, model })).toMatchObject({
      status: 401,
      body: { error: { type: 'auth_error' } },
    });
  }
  await manage(gateway.url, '/team/unblock', { team_id });
  expect((await ask(gateway, key)).status).toBe(200);
});

test('a process that stops leaves nothing leased', async () => {
  const gateway = await start('strict');
  const key = await makeKey(gateway, { max_budget: 100 });
  await Promise.all(Array.from({ length: 20 }, () => ask(gateway, key)));
  expect(await query('SELECT 1 FROM budget_leases')).toHaveLength(1);
  expect(await gateway.stop()).toMatchObject({ code: 0 });
  const { spent_pico, pico, leased_pico } = await settledBudget(20);
  expect([spent_pico, leased_pico]).toEqual([pico, '0']);
  expect(await query('SELECT 1 FROM budget_leases UNION ALL SELECT 1 FROM budget_processes')).toEqual([]);
});

test('what is held goes on while the database is away, and no further, also where keys are not checked', async () => {
  const gateway = await start('strict', { allow_requests_on_db_unavailable: true });
  const key = await makeKey(gateway, { max_budget: 100 });
  // A slice begins with more than one call.
  await ask(gateway, key);
  await expect.poll(() => query('SELECT 1 FROM budget_leases')).toHaveLength(1);
  await ask(gateway, key);
  await postgres.crash();
  try {
    expect((await ask(gateway, key)).status).toBe(200);
    const beyond = await ask(gateway, key, { ...ANSWER, max_tokens: 1_000_000 });
    expect(beyond).toMatchObject({ status: 503, body: { error: { type: 'no_db_connection' } } });
  } finally {
    await postgres.restart();
  }
});
