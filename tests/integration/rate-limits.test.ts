/** Limits of keys, of models for a key and of the whole gateway, as clients of a running gateway meet them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { deployment, MESSAGES, postChat } from '../harness/chat.ts';
import { type FakeProvider, Gate, startFakeProvider } from '../harness/fake-provider.ts';
import { type GatewayProcess, MASTER_KEY, startGateway } from '../harness/gateway-process.ts';
import { manage } from '../harness/manage.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';

let postgres: PostgresServer;
let provider: FakeProvider;
let gateway: GatewayProcess;
/** An address at which nothing listens. */
let nowhere: string;

const models = () => [
  deployment('one', provider.url),
  deployment('two', provider.url),
  deployment('hasty', provider.url, { timeout: 1 }),
  deployment('dead', nowhere),
];

async function start(general: object = {}): Promise<GatewayProcess> {
  return startGateway({
    database: await postgres.createDatabase(),
    environment: { TEST_PROVIDER_KEY: provider.apiKey },
    config: stringify({
      general_settings: general,
      model_list: models(),
      router_settings: { model_group_alias: { nickname: 'one' } },
    }),
  });
}

beforeAll(async () => {
  postgres = await startPostgres({ major: 17 });
  provider = await startFakeProvider();
  const gone = await startFakeProvider();
  nowhere = gone.url;
  await gone.close();
  gateway = await start();
});

afterAll(async () => {
  await provider?.close();
  await gateway?.stop();
  await postgres?.stop();
});

interface Key {
  readonly key: string;
  readonly token: string;
}

const generate = async (limits: object): Promise<Key> =>
  (await manage(gateway.url, '/key/generate', limits)) as unknown as Key;

const chat = ({ key }: Key, body: object = {}, more: object = {}): Promise<Response> =>
  postChat({ url: gateway.url, key, body: { model: 'one', messages: MESSAGES, ...body }, ...more });

/** Status of a call, its answer read to the end. */
async function statusOf(answer: Promise<Response>): Promise<number> {
  const { status, text } = await answer.then(async (got) => ({ status: got.status, text: await got.text() }));
  expect(text).not.toBe('');
  return status;
}

const left = (answer: Response, what: 'requests' | 'tokens', scope = 'api_key'): number =>
  Number(answer.headers.get(`x-ratelimit-${scope}-remaining-${what}`));

describe('rpm_limit', () => {
  test('of five: the sixth call within a minute is refused in LiteLLM’s words', async () => {
    const key = await generate({ rpm_limit: 5 });
    const before = provider.requests.length;
    for (let call = 1; call <= 5; call++) {
      const answer = await chat(key);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('x-ratelimit-api_key-limit-requests')).toBe('5');
      expect(left(answer, 'requests')).toBe(5 - call);
      // Of the two limits under this name, the key's: the provider's is under `llm_provider-`.
      expect(answer.headers.get('x-ratelimit-remaining-requests')).toBe(String(5 - call));
      expect(answer.headers.get('llm_provider-x-ratelimit-remaining-requests')).toBe('41');
      expect(answer.headers.get('x-litellm-key-rpm-limit')).toBe('5');
    }
    const refused = await chat(key);
    expect(refused.status).toBe(429);
    const headers = Object.fromEntries(refused.headers);
    expect(headers).toMatchObject({
      rate_limit_type: 'requests',
      reset_at: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/),
      'x-litellm-call-id': expect.any(String),
      'x-litellm-response-cost': '0',
    });
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(headers['retry-after'])).toBeLessThanOrEqual(60);
    expect(await refused.json()).toEqual({
      error: {
        message: `Rate limit exceeded for api_key: ${key.token}. Limit type: requests. Current limit: 5, Remaining: 0. Limit resets at: ${headers.reset_at}`,
        type: 'throttling_error',
        param: null,
        code: '429',
      },
    });
    expect(provider.requests.length).toBe(before + 5);
  });

  test('holds for calls at the same moment, streamed or not', async () => {
    const key = await generate({ rpm_limit: 10 });
    const statuses = await Promise.all(
      Array.from({ length: 40 }, (_, call) => statusOf(chat(key, { stream: call % 2 === 0 }))),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(30);
  });

  test('counts calls that fail at the provider, and none that were refused before the limits', async () => {
    const key = await generate({ rpm_limit: 3, models: ['one'] });
    provider.script({ kind: 'status', status: 500, body: '{"error":{"message":"no"}}' });
    expect(await statusOf(chat(key))).toBe(500);
    expect(await statusOf(chat(key, { model: 'two' }))).toBe(403);
    expect(await statusOf(chat(key, { stream: 'perhaps' }))).toBe(400);
    expect(left(await chat(key), 'requests')).toBe(1);
  });

  test('of nought admits nobody', async () => {
    expect(await statusOf(chat(await generate({ rpm_limit: 0 })))).toBe(429);
  });

  test('is the key’s own: another key and the master key go on', async () => {
    const key = await generate({ rpm_limit: 1 });
    expect(await statusOf(chat(key))).toBe(200);
    expect(await statusOf(chat(key))).toBe(429);
    expect(await statusOf(chat(await generate({ rpm_limit: 1 })))).toBe(200);
    expect(await statusOf(chat({ key: MASTER_KEY, token: '' }))).toBe(200);
  });
});

describe('tpm_limit', () => {
  /** What the gateway reserves: a quarter of the body, and the client's bound. */
  const reserved = (maxTokens: number): number => {
    const body = { model: 'one', messages: MESSAGES, max_tokens: maxTokens };
    return Math.floor(Buffer.byteLength(JSON.stringify(body)) / 4) + maxTokens;
  };
  const totalOf = async (answer: Response): Promise<number> =>
    ((await answer.json()) as { usage: { total_tokens: number } }).usage.total_tokens;

  test('is reserved before a call and settled to its usage after it', async () => {
    const key = await generate({ tpm_limit: 10_000 });
    const first = await chat(key, { max_tokens: 500 });
    expect(first.headers.get('x-ratelimit-api_key-limit-tokens')).toBe('10000');
    expect(first.headers.get('x-litellm-key-tpm-limit')).toBe('10000');
    expect(left(first, 'tokens')).toBe(10_000 - reserved(500));
    const used = await totalOf(first);
    expect(used).not.toBe(reserved(500));
    expect(left(await chat(key, { max_tokens: 20 }), 'tokens')).toBe(10_000 - used - reserved(20));
  });

  test('refuses a call whose reservation does not fit, and counts nothing of it', async () => {
    const key = await generate({ tpm_limit: 1000, rpm_limit: 10 });
    const refused = await chat(key, { max_tokens: 5000 });
    expect(refused.status).toBe(429);
    expect(refused.headers.get('rate_limit_type')).toBe('tokens');
    expect(await refused.text()).toContain('Limit type: tokens. Current limit: 1000, Remaining: 1000.');
    const next = await chat(key, { max_tokens: 20 });
    expect([left(next, 'requests'), left(next, 'tokens')]).toEqual([9, 1000 - reserved(20)]);
  });

  test('is never exceeded by reservations at the same moment', async () => {
    const key = await generate({ tpm_limit: 3 * reserved(30) });
    const gates = Array.from({ length: 8 }, () => new Gate());
    provider.script(...gates.map((gate) => ({ kind: 'answer', gate }) as const));
    const calls = gates.map(() => statusOf(chat(key, { max_tokens: 30 })));
    const over: number[] = [];
    for (const call of calls) void call.then((status) => over.push(status));
    await expect.poll(() => over, { timeout: 10_000 }).toEqual([429, 429, 429, 429, 429]);
    for (const gate of gates) gate.release();
    expect((await Promise.all(calls)).filter((status) => status === 200)).toHaveLength(3);
    // Acts that nobody came for.
    for (let rest = 0; rest < 5; rest++)
      expect(await statusOf(chat({ key: MASTER_KEY, token: '' }))).toBe(200);
  });

  test('gets back what a failed call had reserved', async () => {
    const key = await generate({ tpm_limit: 5000 });
    provider.script({ kind: 'status', status: 503, body: '{"error":{"message":"busy"}}' });
    expect(await statusOf(chat(key, { max_tokens: 1000 }))).toBe(503);
    expect(await statusOf(chat(key, { model: 'dead', max_tokens: 1000 }))).toBe(502);
    expect(left(await chat(key, { max_tokens: 10 }), 'tokens')).toBe(5000 - reserved(10));
  });

  test('keeps what was reserved for a call that nobody waited for', async () => {
    const key = await generate({ tpm_limit: 5000 });
    provider.script({ kind: 'hang' });
    const answer = await chat(key, { model: 'hasty', max_tokens: 1000 });
    expect(answer.status).toBe(408);
    const kept = 5000 - left(await chat(key, { max_tokens: 10 }), 'tokens') - reserved(10);
    expect(kept).toBeGreaterThanOrEqual(1000);
  });

  test('of a stream is settled to its usage, also when the client did not ask for that', async () => {
    const key = await generate({ tpm_limit: 10_000 });
    const before = provider.requests.length;
    await (await chat(key, { stream: true, max_tokens: 700 })).text();
    const { produced } = await provider.request(before + 1);
    const used = produced?.usage.total_tokens ?? 0;
    expect(left(await chat(key, { max_tokens: 20 }), 'tokens')).toBe(10_000 - used - reserved(20));
  });
});

describe('max_parallel_requests', () => {
  /** A stream that the provider holds after its first event. */
  async function heldStream(key: Key): Promise<{ gate: Gate; answer: Response; leave: () => void }> {
    const gate = new Gate();
    const client = new AbortController();
    provider.script({ kind: 'answer', gate });
    gate.release();
    const answer = await chat(key, { stream: true, max_tokens: 2 }, { signal: client.signal });
    expect(answer.status).toBe(200);
    return { gate, answer, leave: () => client.abort() };
  }

  async function end({ gate, answer }: { gate: Gate; answer: Response }): Promise<void> {
    for (let event = 0; event < 6; event++) gate.release();
    expect(await answer.text()).toContain('[DONE]');
  }

  const refuses = async (key: Key): Promise<void> => {
    const refused = await chat(key);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('rate_limit_type')).toBe('max_parallel_requests');
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await refused.text()).toContain(
      'Limit type: max_parallel_requests. Current limit: 2, Remaining: 0.',
    );
  };

  test('of two: a third call is refused while two streams run, and admitted when one has ended', async () => {
    const key = await generate({ max_parallel_requests: 2 });
    const [first, second] = [await heldStream(key), await heldStream(key)];
    await refuses(key);
    await end(first);
    expect(await statusOf(chat(key))).toBe(200);
    await end(second);
  });

  test('is freed by a client that leaves its stream', async () => {
    const key = await generate({ max_parallel_requests: 2 });
    const [first, second] = [await heldStream(key), await heldStream(key)];
    await refuses(key);
    first.leave();
    await expect(first.answer.text()).rejects.toThrow();
    await expect.poll(() => statusOf(chat(key)), { timeout: 10_000 }).toBe(200);
    await end(second);
  });

  test('is freed by a client that leaves before anything came', async () => {
    const key = await generate({ max_parallel_requests: 1 });
    const client = new AbortController();
    provider.script({ kind: 'hang' });
    const before = provider.requests.length;
    const left = chat(key, {}, { signal: client.signal });
    await provider.request(before + 1);
    expect(await statusOf(chat(key))).toBe(429);
    client.abort();
    await expect(left).rejects.toThrow();
    await expect.poll(() => statusOf(chat(key)), { timeout: 10_000 }).toBe(200);
  });

  test.each([
    ['an error', { kind: 'status', status: 500, body: '{"error":{"message":"no"}}' }, {}, 500],
    ['a broken stream', { kind: 'cut', afterEvents: 2 }, { stream: true }, 200],
    ['a stream without an end', { kind: 'stop', afterEvents: 2 }, { stream: true }, 200],
    ['garbage', { kind: 'raw', body: 'what?' }, {}, 502],
    ['silence', { kind: 'hang' }, { model: 'hasty' }, 408],
  ] as const)('is freed by a provider that answers with %s', async (_what, act, body, status) => {
    const key = await generate({ max_parallel_requests: 1 });
    provider.script(act);
    expect(await statusOf(chat(key, body))).toBe(status);
    expect(await statusOf(chat(key))).toBe(200);
  });

  test('is freed by a provider that cannot be reached', async () => {
    const key = await generate({ max_parallel_requests: 1 });
    for (let call = 0; call < 3; call++) expect(await statusOf(chat(key, { model: 'dead' }))).toBe(502);
  });

  test('is not taken by calls that another limit refused', async () => {
    const key = await generate({ max_parallel_requests: 1, model_rpm_limit: { two: 0 } });
    for (let call = 0; call < 3; call++) expect(await statusOf(chat(key, { model: 'two' }))).toBe(429);
    expect(await statusOf(chat(key))).toBe(200);
  });
});

describe('limits of models', () => {
  test('count for this model alone, by whichever of its names it is asked for', async () => {
    const key = await generate({ model_rpm_limit: { one: 2 }, model_tpm_limit: { two: 10_000 } });
    const first = await chat(key);
    expect(first.headers.get('x-ratelimit-model_per_key-limit-requests')).toBe('2');
    expect(left(first, 'requests', 'model_per_key')).toBe(1);
    expect(await statusOf(chat(key, { model: 'nickname' }))).toBe(200);
    const refused = await chat(key, { model: 'nickname' });
    expect(refused.status).toBe(429);
    expect(await refused.text()).toContain(
      `Rate limit exceeded for model_per_key: ${key.token}:one. Limit type: requests.`,
    );
    const other = await chat(key, { model: 'two' });
    expect(other.status).toBe(200);
    expect(other.headers.get('x-ratelimit-model_per_key-limit-tokens')).toBe('10000');
  });

  test('are shown where LiteLLM shows them, and taken from metadata too', async () => {
    const answer = await manage(gateway.url, '/key/generate', {
      model_rpm_limit: { one: 2 },
      metadata: { topic: 'x' },
    });
    expect(answer).toMatchObject({
      model_rpm_limit: { one: 2 },
      metadata: { topic: 'x', model_rpm_limit: { one: 2 } },
    });
    const key = await generate({ metadata: { model_rpm_limit: { one: 0 } } });
    expect(await statusOf(chat(key))).toBe(429);
  });
});

describe('/key/update', () => {
  test('changes limits of a key that is in use, and answers the key as it is', async () => {
    const key = await generate({ rpm_limit: 1 });
    expect(await statusOf(chat(key))).toBe(200);
    expect(await statusOf(chat(key))).toBe(429);
    const changes = { rpm_limit: 3, tpm_limit: 9000, max_parallel_requests: 4 };
    expect(await manage(gateway.url, '/key/update', { key: key.key, ...changes })).toMatchObject({
      key: key.key,
      ...changes,
    });
    const answer = await chat(key);
    expect(answer.status).toBe(200);
    // What was counted before goes on to count.
    expect(left(answer, 'requests')).toBe(1);
    expect(answer.headers.get('x-ratelimit-api_key-limit-tokens')).toBe('9000');
    await manage(gateway.url, '/key/update', { key: key.token, rpm_limit: null });
    for (let call = 0; call < 4; call++) expect(await statusOf(chat(key))).toBe(200);
  });
});

test('a deployment that is full is passed over, and when all are its limit is told', async () => {
  await using small = await startGateway({
    database: await postgres.createDatabase(),
    environment: { TEST_PROVIDER_KEY: provider.apiKey },
    config: stringify({
      model_list: [
        deployment('pair', provider.url, { max_parallel_requests: 1, top_p: 0.1 }),
        deployment('pair', provider.url, { max_parallel_requests: 1, top_p: 0.2 }),
        deployment('pair', nowhere, { max_parallel_requests: 1 }),
        deployment('rated', provider.url, { rpm: 1 }),
      ],
      router_settings: { optional_pre_call_checks: ['enforce_model_rate_limits'] },
    }),
  });
  const call = (model = 'pair') => postChat({ url: small.url, body: { model, messages: MESSAGES } });
  const gates = [new Gate(), new Gate()] as const;
  const before = provider.requests.length;
  provider.script(...gates.map((gate) => ({ kind: 'answer', gate }) as const));
  const running = [call(), call()];
  await provider.request(before + 2);
  const weights = provider.requests.slice(before).map(({ text }) => JSON.parse(text).top_p as number);
  expect(weights.sort()).toEqual([0.1, 0.2]);
  // The third cannot be reached, and keeps no place of who tried.
  for (let again = 0; again < 2; again++) expect(await statusOf(call())).toBe(502);
  for (const gate of gates) gate.release();
  expect((await Promise.all(running)).map(({ status }) => status)).toEqual([200, 200]);
  for (let again = 0; again < 3; again++) expect(await statusOf(call())).toBe(200);
  expect(await statusOf(call('rated'))).toBe(200);
  const refused = await call('rated');
  expect([refused.status, refused.headers.get('rate_limit_type')]).toEqual([429, 'requests']);
  expect(await refused.text()).toMatch(
    /Rate limit exceeded for deployment: [0-9a-f]{64}\. Limit type: requests/,
  );
});

test('global_max_parallel_requests holds for all callers together, and calls that a stop refuses take no place', async () => {
  await using small = await start({ global_max_parallel_requests: 2 });
  const call = () => postChat({ url: small.url, body: { model: 'one', messages: MESSAGES } });
  const gates = [new Gate(), new Gate()] as const;
  const before = provider.requests.length;
  provider.script(...gates.map((gate) => ({ kind: 'answer', gate }) as const));
  const running = [call(), call()];
  await provider.request(before + 2);
  const refused = await call();
  expect(refused.status).toBe(429);
  expect(await refused.text()).toContain(
    'Rate limit exceeded for global: proxy. Limit type: max_parallel_requests. Current limit: 2, Remaining: 0.',
  );
  gates[0].release();
  expect((await Promise.race(running)).status).toBe(200);
  small.signal('SIGTERM');
  await expect.poll(() => small.ready()).toBe(false);
  for (let late = 0; late < 3; late++) expect(await statusOf(call())).toBe(503);
  gates[1].release();
  expect((await Promise.all(running)).map(({ status }) => status)).toEqual([200, 200]);
});
