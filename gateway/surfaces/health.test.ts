import { expect, test } from 'vitest';
import { Drain } from '../http/drain.ts';
import { healthHandlers } from './health.ts';

function setUp(servesWithoutDatabase = false) {
  let now = 0;
  let asked = 0;
  let away = false;
  const handlers = healthHandlers({
    version: '1.2.3',
    logLevel: 'info',
    drain: new Drain(),
    now: () => now,
    servesWithoutDatabase,
    probe: async () => {
      asked++;
      if (away) throw new Error('away');
    },
  });
  async function ready(): Promise<readonly [number, unknown]> {
    const answer: { status: number; sent?: unknown } = { status: 200 };
    const reply = {
      code(code: number) {
        answer.status = code;
        return reply;
      },
      send(body: unknown) {
        answer.sent = body;
      },
    };
    const body = await handlers.readiness({} as never, reply as never);
    return [answer.status, answer.sent ?? body];
  }
  return {
    ready,
    asked: () => asked,
    setAway: (value: boolean) => {
      away = value;
    },
    pass: (ms: number) => {
      now += ms;
    },
  };
}

test('the database is asked once in 15 seconds, however many ask', async () => {
  const { ready, asked, pass } = setUp();
  await Promise.all([ready(), ready(), ready()]);
  pass(14_999);
  expect(await ready()).toEqual([200, { status: 'healthy', db: 'connected' }]);
  expect(asked()).toBe(1);
  pass(1);
  await ready();
  expect(asked()).toBe(2);
});

test('a database that is away is a 503 until it answers again', async () => {
  const { ready, setAway, pass } = setUp();
  setAway(true);
  expect(await ready()).toEqual([503, { status: 'unhealthy', db: 'disconnected' }]);
  setAway(false);
  pass(15_000);
  expect((await ready())[0]).toBe(200);
});

test('a gateway that serves without its database stays ready', async () => {
  const { ready, setAway } = setUp(true);
  setAway(true);
  expect(await ready()).toEqual([200, { status: 'healthy', db: 'disconnected' }]);
});

test('a drain refuses new calls and is over when the last has left', async () => {
  const drain = new Drain();
  drain.enter();
  drain.enter();
  let over = false;
  const idle = drain.begin().then(() => {
    over = true;
  });
  expect(() => drain.enter()).toThrow(
    expect.objectContaining({ status: 503, headers: { 'retry-after': '5' } }),
  );
  drain.leave();
  await Promise.resolve();
  expect(over).toBe(false);
  drain.leave();
  await idle;
  expect(over).toBe(true);
});
