/** Limits that two gateways count together by a real Redis, and what becomes of them when it is away. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import {
  connectRedis,
  type Limit,
  type LimitStore,
  MemoryStore,
  newLimit,
  RedisStore,
  type RunScript,
} from '../../gateway/index.ts';
import { deployment, MESSAGES, postChat } from '../harness/chat.ts';
import { type FakeProvider, Gate, startFakeProvider } from '../harness/fake-provider.ts';
import { type GatewayProcess, startGateway } from '../harness/gateway-process.ts';
import { manage } from '../harness/manage.ts';
import { ManualTimers } from '../harness/manual-timers.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';
import { REDIS_PASSWORD, type RedisServer, startRedis } from '../harness/redis.ts';

let redis: RedisServer;
let postgres: PostgresServer;
let provider: FakeProvider;
let gateways: readonly GatewayProcess[];
let run: RunScript;
let connection: Disposable;

beforeAll(async () => {
  [redis, postgres, provider] = await Promise.all([
    startRedis(),
    startPostgres({ major: 17 }),
    startFakeProvider(),
  ]);
  const database = await postgres.createDatabase();
  const start = () =>
    startGateway({
      database,
      environment: { TEST_PROVIDER_KEY: provider.apiKey, REDIS_PASSWORD },
      config: stringify({
        // Else a gateway that stops reads on what never ends.
        general_settings: { on_client_disconnect: 'cancel' },
        model_list: [deployment('one', provider.url)],
        router_settings: {
          redis_host: redis.host,
          redis_port: redis.port,
          redis_password: 'os.environ/REDIS_PASSWORD',
        },
      }),
    });
  gateways = await Promise.all([start(), start()]);
  const timers = { now: Date.now, after: () => () => undefined };
  const url = `redis://${redis.host}:${redis.port}`;
  const opened = await connectRedis({ url, password: REDIS_PASSWORD, database: null }, timers);
  connection = opened;
  run = opened.run;
  expect(await run('return 1', [], [])).toBe(1);
});

afterAll(async () => {
  connection?.[Symbol.dispose]();
  await Promise.all((gateways ?? []).map((gateway) => gateway.stop()));
  await provider?.close();
  await postgres?.stop();
  await redis?.[Symbol.asyncDispose]();
});

const newKey = async (limits: object): Promise<string> =>
  (await manage((gateways[0] as GatewayProcess).url, '/key/generate', limits)).key as string;

const chat = (key: string, at: number, body: object = {}): Promise<Response> =>
  postChat({
    url: (gateways[at % 2] as GatewayProcess).url,
    key,
    body: { model: 'one', messages: MESSAGES, ...body },
  });

async function statusOf(answer: Promise<Response>): Promise<number> {
  const got = await answer;
  await got.text();
  return got.status;
}

test('a flood at both gateways is admitted up to the limit, to the call', async () => {
  const key = await newKey({ rpm_limit: 15 });
  const statuses = await Promise.all(Array.from({ length: 60 }, (_, call) => statusOf(chat(key, call))));
  expect(statuses.filter((status) => status === 200)).toHaveLength(15);
  expect(statuses.filter((status) => status === 429)).toHaveLength(45);
});

test('what one gateway counts the other tells, and tokens are settled for both', async () => {
  const key = await newKey({ rpm_limit: 5, tpm_limit: 5000 });
  const first = await chat(key, 0, { max_tokens: 900 });
  const { usage } = (await first.json()) as { usage: { total_tokens: number } };
  expect(first.headers.get('x-ratelimit-api_key-remaining-requests')).toBe('4');
  const second = await chat(key, 1, { max_tokens: 1 });
  expect(second.headers.get('x-ratelimit-api_key-remaining-requests')).toBe('3');
  const left = Number(second.headers.get('x-ratelimit-api_key-remaining-tokens'));
  expect(left).toBeGreaterThan(5000 - usage.total_tokens - 200);
  expect(left).toBeLessThan(5000 - usage.total_tokens);
});

test('a limit of a user on a model is counted by both gateways together', async () => {
  const url = (gateways[0] as GatewayProcess).url;
  const { key } = await manage(url, '/user/new', { user_id: 'ada', model_rpm_limit: { one: 3 } });
  const other = await newKey({ user_id: 'ada' });
  const calls = [0, 1, 2, 3].map((at) => statusOf(chat(at < 2 ? (key as string) : other, at)));
  expect((await Promise.all(calls)).toSorted((a, b) => a - b)).toEqual([200, 200, 200, 429]);
});

test('a place of one gateway is nobody’s at the other, until its call ends or its client leaves', async () => {
  const key = await newKey({ max_parallel_requests: 1 });
  const gate = new Gate();
  let before = provider.requests.length;
  provider.script({ kind: 'answer', gate });
  const running = chat(key, 0);
  await provider.request(before + 1);
  const refused = await chat(key, 1);
  expect([refused.status, refused.headers.get('rate_limit_type')]).toEqual([429, 'max_parallel_requests']);
  gate.release();
  expect(await statusOf(running)).toBe(200);
  await expect.poll(() => statusOf(chat(key, 1))).toBe(200);
  before = provider.requests.length;
  provider.script({ kind: 'hang' });
  const client = new AbortController();
  const { url } = gateways[1] as GatewayProcess;
  const body = { model: 'one', messages: MESSAGES };
  const left = postChat({ url, key, body, signal: client.signal });
  await provider.request(before + 1);
  expect(await statusOf(chat(key, 0))).toBe(429);
  client.abort();
  await expect(left).rejects.toThrow();
  await expect.poll(() => statusOf(chat(key, 0))).toBe(200);
});

describe('on a clock in the hands of the test', () => {
  /** The scripts with this time in place of the server's, and leases that outlast it. */
  function storeAt(clock: { now: number }): LimitStore {
    const base = 1_800_000_000_000;
    // One after another: a text that the server does not know yet, as each of these is, is sent a second time.
    let last: Promise<unknown> = Promise.resolve();
    const timed: RunScript = (script, keys, [name = '', ...rest]) => {
      const micros = (base + clock.now) * 1000;
      const at = script.replace("redis.call('TIME')", `{'${Math.floor(micros / 1e6)}', '${micros % 1e6}'}`);
      const lasting =
        script.includes("redis.call('ZADD'") && rest.length > 0 ? ['10000000000000', ...rest.slice(1)] : rest;
      last = last.then(() => run(at, keys, [name, ...lasting]));
      return last;
    };
    return new RedisStore({ run: timed, processId: 'test', timers: new ManualTimers() });
  }

  test('random calls are admitted, refused and told as by the counters of one process', async () => {
    let round = 0;
    const types = ['requests', 'tokens', 'max_parallel_requests'] as const;
    const limit = fc.record({
      value: fc.constantFrom('a', 'b'),
      type: fc.constantFrom(...types),
      limit: fc.integer({ min: 0, max: 12 }),
    });
    const limits = fc.uniqueArray(limit, { selector: ({ value, type }) => value + type, maxLength: 4 });
    const command = fc.record({
      pause: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 30_000 })),
      limits,
      tokens: fc.integer({ min: 1, max: 5 }),
      ends: fc.option(
        fc.record({
          which: fc.nat(),
          how: fc.constantFrom('settle', 'leave', 'cancel'),
          used: fc.option(fc.integer({ min: 0, max: 9 })),
        }),
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 40 }), async (commands) => {
        const [clock, prefix] = [{ now: 0 }, `${round++}`];
        const [shared, own] = [storeAt(clock), new MemoryStore(() => clock.now)];
        const running: ((how: 'settle' | 'leave' | 'cancel', used: number | null) => void)[] = [];
        for (const { pause, limits: asked, tokens, ends } of commands) {
          clock.now += pause;
          if (ends !== null && running.length > 0) {
            running.splice(ends.which % running.length, 1)[0]?.(ends.how, ends.used);
          }
          const all: Limit[] = asked.map(({ value, type, limit }) =>
            newLimit('user', prefix + value, type, limit),
          );
          const [mine, theirs] = [own.take(all, tokens), await shared.take(all, tokens)];
          if (!mine.granted || !theirs.granted) {
            expect(theirs).toEqual(mine);
            continue;
          }
          expect(theirs.remaining).toEqual(mine.remaining);
          running.push((how, used) => {
            for (const one of [mine, theirs]) {
              if (how === 'settle') one.settle(used);
              else one[how]();
            }
          });
        }
      }),
      { numRuns: 60 },
    );
  });

  test('what a dead gateway held is free when its lease ends, and what is renewed stays', async () => {
    const place = newLimit('user', 'leased', 'max_parallel_requests', 1);
    const timers = new ManualTimers();
    const store = new RedisStore({ run, processId: 'alive', timers });
    expect(await store.take([place], 1)).toMatchObject({ granted: true });
    const endSoon = () => run("redis.call('ZADD', KEYS[1], 'XX', 1, ARGV[1])", [place.counter], ['alive:0']);
    await endSoon();
    await timers.pass(10_000);
    const leaseEnds = () =>
      run("return redis.call('ZSCORE', KEYS[1], ARGV[1])", [place.counter], ['alive:0']);
    await expect.poll(leaseEnds).not.toBe('1');
    const other = new RedisStore({ run, processId: 'other', timers: new ManualTimers() });
    expect(await other.take([place], 1)).toMatchObject({ granted: false });
    // Nobody renews any more.
    store[Symbol.dispose]();
    await endSoon();
    expect(await other.take([place], 1)).toMatchObject({ granted: true });
  });
});

test('while Redis is away each gateway counts for itself, says so once, and finds its way back', async () => {
  const key = await newKey({ rpm_limit: 100 });
  const remaining = async (at: number): Promise<number> => {
    const answer = await chat(key, at);
    await answer.text();
    expect(answer.status).toBe(200);
    return Number(answer.headers.get('x-ratelimit-api_key-remaining-requests'));
  };
  expect([await remaining(0), await remaining(1)]).toEqual([99, 98]);
  redis.pause();
  expect([await remaining(0), await remaining(1), await remaining(0)]).toEqual([99, 99, 98]);
  redis.resume();
  await redis.kill();
  expect(await remaining(0)).toBe(97);
  for (const gateway of gateways) {
    await gateway.logged(
      'Redis does not answer: limits are counted by this gateway alone until it does; see router_settings.redis_*',
    );
    expect(gateway.output().match(/Redis does not answer/g)).toHaveLength(1);
    expect(gateway.output()).not.toContain(REDIS_PASSWORD);
  }
  await redis.restart();
  const back = (gateway: GatewayProcess): boolean => gateway.output().includes('Redis answers again');
  await expect
    .poll(
      async () => {
        for (const at of [0, 1]) await remaining(at);
        return gateways.every(back);
      },
      { timeout: 20_000, interval: 500 },
    )
    .toBe(true);
  const now = await remaining(0);
  expect(await remaining(1)).toBe(now - 1);
});
