/** Alerts leave the outbox: to a strict receiver, signed, until it has taken them, however many gateways share the outbox. */
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import {
  AlertDelivery,
  alertOutbox,
  insertSpendLogs,
  type Outbox,
  openPoster,
  picoFromUsd,
  readSecret,
  systemTimers,
} from '../../gateway/index.ts';
import { until } from '../../packer/index.ts';
import { type AdminGateway, startAdminGateway } from '../harness/admin-gateway.ts';
import { deployment, MESSAGES, postChat } from '../harness/chat.ts';
import { type FakeProvider, startFakeProvider } from '../harness/fake-provider.ts';
import { type GatewayProcess, runGateway, startGateway } from '../harness/gateway-process.ts';
import { manage } from '../harness/manage.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';
import { spendRecord } from '../harness/spend-record.ts';
import { type Received, WebhookReceiver } from '../harness/webhook-receiver.ts';

/** A Saturday noon. */
const NOON = Date.UTC(2026, 10, 21, 12);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const SECRET = `whsec_${randomBytes(32).toString('base64')}`;

let server: PostgresServer;
let gateway: AdminGateway;
let receiver: WebhookReceiver;
let now = NOON;
const deliveries: AlertDelivery[] = [];
const lines: string[] = [];

const clock = (): number => now;

beforeAll(async () => {
  server = await startPostgres({ major: 17 });
  gateway = await startAdminGateway(await server.createDatabase(), { clock });
});
afterAll(async () => {
  await gateway?.close();
  await server?.stop();
});
beforeEach(async () => {
  now = NOON;
  lines.length = 0;
  await query('DELETE FROM alert_outbox');
  receiver = await WebhookReceiver.start({ secret: SECRET, clock });
});
afterEach(async () => {
  await Promise.all(deliveries.splice(0).map((delivery) => delivery.close()));
  expect(receiver.faults).toEqual([]);
  await receiver[Symbol.asyncDispose]();
});

const query = async (text: string, ...values: unknown[]) => (await gateway.db.query(text, values)).rows;

/** Delivers by the test's clock, and looks again at once. */
function deliver(outbox: Outbox = alertOutbox(gateway.db)): AlertDelivery {
  const note = (line: object, message: string) => void lines.push(`${message} ${JSON.stringify(line)}`);
  const delivery = new AlertDelivery({
    outbox,
    poster: openPoster(receiver.url, systemTimers),
    key: readSecret(SECRET) as Buffer,
    timers: {
      now: clock,
      after(_delayMs, work) {
        const timer = setTimeout(work, 2);
        return () => clearTimeout(timer);
      },
    },
    logger: { info: note, warn: note, error: note } as never,
    random: () => 0,
  });
  deliveries.push(delivery);
  return delivery;
}

/** Uses up the budgets of some new keys. */
async function raise(keys = 1): Promise<void> {
  const calls = Array.from({ length: keys }, async () => {
    const { body } = await gateway.call('/key/generate', { body: { max_budget: 1 } });
    return spendRecord({ apiKey: body.token, userId: null, endTime: now, spend: picoFromUsd(1) });
  });
  await insertSpendLogs(gateway.db, await Promise.all(calls), { alerts: { ttlMs: DAY, clock } });
}
const settled = (state: string, count = 1) =>
  until(`${count} alerts that are ${state}`, 20_000, async () => {
    const found = await query('SELECT * FROM alert_outbox WHERE state = $1', state);
    expect(found).toHaveLength(count);
    return found;
  });
/** The one alert was not taken, and is due again after so many seconds. */
const waits = (seconds: number) =>
  until(`an alert that waits for ${seconds} s`, 20_000, async () => {
    const dueAt = new Date(now + seconds * 1000).toISOString();
    expect(await query('SELECT id FROM alert_outbox WHERE due_at = $1', dueAt)).toHaveLength(1);
  });

test('sends what is in the outbox, byte for byte and signed, and marks it', async () => {
  await raise();
  deliver();
  const [message] = (await receiver.messages(1)) as [Received];
  expect(message.timestamp).toBe(NOON / 1000);
  const [row] = await settled('delivered');
  expect(row).toMatchObject({
    body: message.body,
    attempts: 1,
    last_error: null,
    ended_at: new Date(NOON),
  });
  expect(message.id).toBe(`msg_${row.id}`);
});

test('sends an alert again with the same id until it is taken', async () => {
  await raise();
  receiver.script({ status: 500 }, { status: 400 }, { status: 503, headers: { 'retry-after': '600' } });
  deliver();
  for (const seconds of [10, 20, 600]) {
    await waits(seconds);
    now += seconds * 1000;
  }
  const messages = await receiver.messages(4);
  const [row] = await settled('delivered');
  expect(new Set(messages.map((message) => message.id))).toEqual(new Set([`msg_${row.id}`]));
  expect(messages.map(({ timestamp }) => timestamp - NOON / 1000)).toEqual([0, 10, 30, 630]);
  expect(row).toMatchObject({ attempts: 4, last_error: 'answered 503' });
  expect(lines.join('\n')).not.toContain('hush');
});

test('follows no redirect, reads no endless answer, and gives up where the receiver wants none', async () => {
  await raise();
  receiver.script({ status: 307, headers: { location: receiver.url } }, { status: 410, endless: true });
  deliver();
  await waits(10);
  now += HOUR;
  const [row] = await settled('given_up');
  expect(row).toMatchObject({ attempts: 2, last_error: 'answered 410' });
  expect(receiver.received).toHaveLength(2);
});

test('by several that share an outbox sends each alert once', async () => {
  for (let count = 0; count < 3; count++) deliver();
  await raise(30);
  await settled('delivered', 30);
  expect(new Set(receiver.received.map((message) => message.id)).size).toBe(30);
  expect(receiver.received).toHaveLength(30);
});

test('that ends between sending and marking sends again, by somebody else and with the same id', async () => {
  await raise();
  const dying: Outbox = {
    ...alertOutbox(gateway.db),
    settle: () => Promise.reject(new Error('killed')),
  };
  const killed = deliver(dying);
  await receiver.messages(1);
  await killed.close();
  deliver();
  // Nobody else has it while it may be on its way.
  now += 59_000;
  expect(receiver.received).toHaveLength(1);
  now += 1000;
  const [first, second] = (await receiver.messages(2)) as [Received, Received];
  expect([second.id, second.body]).toEqual([first.id, first.body]);
  expect(await settled('delivered')).toMatchObject([{ attempts: 2 }]);
});

test('forgets what ended thirty days ago, and sends nothing that is three days old', async () => {
  await raise();
  now += 3 * DAY + 1000;
  deliver();
  await settled('given_up');
  expect(receiver.received).toEqual([]);
  now += 31 * DAY;
  await settled('given_up', 0);
});

test('is part of the gateway: two processes that share a database tell of a budget once', async () => {
  const database = await server.createDatabase();
  await using provider: FakeProvider = await startFakeProvider();
  await using real = await WebhookReceiver.start({ secret: SECRET });
  const price = {
    input_cost_per_token: 1e-9,
    cache_read_input_token_cost: 1e-9,
    cache_creation_input_token_cost: 1e-9,
  };
  const start = (): Promise<GatewayProcess> =>
    startGateway({
      database,
      environment: { TEST_PROVIDER_KEY: provider.apiKey, WEBHOOK_URL: real.url, WEBHOOK_SECRET: SECRET },
      config: stringify({
        general_settings: { proxy_batch_write_at: 0.05, alerting: ['webhook'] },
        model_list: [deployment('priced', provider.url, { ...price, output_cost_per_token: 1e-6 })],
      }),
    });
  const gateways = await Promise.all([start(), start()]);
  try {
    const { url } = gateways[0] as GatewayProcess;
    // A call costs 50 micro-dollars, and its prompt next to nothing.
    const { key, token } = await manage(url, '/key/generate', {
      max_budget: 1e-3,
      soft_budget: 5e-4,
    });
    const body = { model: 'priced', messages: MESSAGES, max_tokens: 50 };
    for (let count = 0; count < 20; count++) {
      const other = gateways[count % 2] as GatewayProcess;
      const answer = await postChat({ url: other.url, key: String(key), body });
      expect(answer.status).toBe(200);
      await answer.text();
    }
    const crossed = ({ event }: Received) => event.event === 'budget_crossed';
    await real.messages(1, crossed);
    await real.messages(1, ({ event }) => event.event === 'soft_budget_crossed');
    const names = real.received.map(({ event }) => `${event.event} ${event.threshold_percent}`);
    expect(names).toEqual([...new Set(names)]);
    expect(real.received.every(({ event }) => event.token === token)).toBe(true);
    expect(real.faults).toEqual([]);
    for (const each of gateways) expect(each.output()).not.toContain('hush');
    for (const each of gateways) expect(each.output()).not.toContain(SECRET);
  } finally {
    await Promise.all(gateways.map((each) => each.stop()));
  }
});

test('a gateway that could not sign what it tells does not start, and says what is missing', async () => {
  const config = stringify({
    general_settings: { alerting: ['webhook'] },
    model_list: [deployment('priced', 'http://127.0.0.1:9', {})],
  });
  const environment = { WEBHOOK_URL: receiver.url, DATABASE_URL: 'postgresql://nobody@127.0.0.1/none' };
  const { code, output } = await runGateway({ config, environment });
  expect(code).toBe(1);
  expect(output).toContain('WEBHOOK_SECRET: is not set, and alerts are signed with it');
  expect(output).not.toContain('hush');
});
