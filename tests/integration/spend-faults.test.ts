/** What must hold whatever happens to gateway, disk and database: each call has one row, at its true cost where it ended. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { deployment, eventsOf, MESSAGES, postChat } from '../harness/chat.ts';
import { type FakeProvider, Gate, startFakeProvider } from '../harness/fake-provider.ts';
import { type GatewayProcess, startGateway } from '../harness/gateway-process.ts';
import { type PostgresServer, startPostgres, type TestDatabase } from '../harness/postgres.ts';
import { seeded } from '../harness/seeded.ts';
import { SmallDisk } from '../harness/small-disk.ts';
import {
  type ClientCall,
  leastCost,
  mostCost,
  PRICE,
  providedByUser,
  rowsByUser,
  SpendLoad,
  type StoredRow,
  trueCost,
} from '../harness/spend-load.ts';

const soak = process.env.SOAK === '1';
const KILLS = soak ? 200 : 25;
const CLIENTS = 8;
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

let postgres: PostgresServer;
let database: TestDatabase;
let provider: FakeProvider;
let spendDirectory: string;

beforeAll(async () => {
  postgres = await startPostgres({ major: 17 });
});
afterAll(() => postgres?.stop());
beforeEach(async () => {
  database = await postgres.createDatabase();
  provider = await startFakeProvider();
  spendDirectory = mkdtempSync(join(tmpdir(), 'spend-faults-'));
});
afterEach(async () => {
  await provider.close();
  rmSync(spendDirectory, { recursive: true });
});

function start(directory = spendDirectory, generalSettings: object = {}): Promise<GatewayProcess> {
  return startGateway({
    database,
    environment: { TEST_PROVIDER_KEY: provider.apiKey, LITELLM_SPEND_DIR: directory },
    config: stringify({
      general_settings: { proxy_batch_write_at: 0.2, ...generalSettings },
      model_list: [
        deployment('priced', provider.url, {
          input_cost_per_token: PRICE.input,
          output_cost_per_token: PRICE.output,
          cache_read_input_token_cost: PRICE.input,
        }),
      ],
    }),
  });
}

const rows = (): Promise<Map<string, StoredRow[]>> => rowsByUser(postgres.superuserUrl(database.name));

/** Rows that are of the one call of the small tests. */
const rowsOf = async (user: string): Promise<StoredRow[]> => (await rows()).get(user) ?? [];

function requireTrueRow(row: StoredRow, cost: number, user: string): void {
  expect(row.spend, user).toBeCloseTo(cost, 12);
  expect(row, user).toMatchObject({ estimated: false, status: 'success' });
}

/** Checks every row against what client and provider saw; returns how many of each kind there were. */
async function judge(calls: readonly ClientCall[]) {
  const [stored, provided] = [await rows(), providedByUser(provider)];
  const count = { complete: 0, cut: 0, estimated: 0 };
  for (const call of calls) {
    const [row, ...more] = stored.get(call.user) ?? [];
    const request = provided.get(call.user);
    expect(more, call.user).toEqual([]);
    if (call.outcome === 'complete') {
      count.complete++;
      if (row === undefined || request === undefined)
        throw new Error(`${call.user}: complete and without a row`);
      requireTrueRow(row, trueCost(request), call.user);
    } else if (call.outcome === 'cut' && request !== undefined) {
      count.cut++;
      if (row === undefined) throw new Error(`${call.user}: sent to the provider and without a row`);
      if (!row.estimated) requireTrueRow(row, trueCost(request), call.user);
      else {
        count.estimated++;
        expect(row, call.user).toMatchObject({ status: 'failure', error_class: 'GatewayStopped' });
        expect(row.spend, call.user).toBeGreaterThanOrEqual(leastCost(call));
        expect(row.spend, call.user).toBeLessThanOrEqual(mostCost(request, call));
      }
    }
    stored.delete(call.user);
  }
  expect([...stored.keys()]).toEqual([]);
  return count;
}

test(`a gateway that is killed ${KILLS} times under load loses no row and doubles none`, {
  timeout: 60_000 + KILLS * 20_000,
}, async () => {
  process.stdout.write(`SEED=${seed} repeats these kills\n`);
  const random = seeded(seed);
  // Slow enough for some of the streams to be cut in the middle.
  provider.script(...Array.from({ length: 50_000 }, () => ({ kind: 'answer' as const, pauseMs: 2 })));
  const load = new SpendLoad(CLIENTS, random);
  for (let kill = 0; kill < KILLS; kill++) {
    const gateway = await start();
    load.url = gateway.url;
    await provider.request(provider.requests.length + 1 + Math.floor(random() * 60));
    await sleep(random() * 20);
    load.url = null;
    gateway.signal('SIGKILL');
    await gateway.ended;
  }
  const last = await start();
  load.url = last.url;
  await provider.request(provider.requests.length + CLIENTS);
  await load.stop();
  // What the killed ones left is stored while this one serves.
  await expect
    .poll(
      () => readdirSync(spendDirectory).flatMap((name) => readdirSync(join(spendDirectory, name, 'adopted'))),
      {
        timeout: 60_000,
      },
    )
    .toEqual([]);
  expect(await last.stop()).toEqual({ code: 0, signal: null });
  expect(readdirSync(spendDirectory)).toEqual([]);
  const count = await judge(load.calls);
  process.stdout.write(`${JSON.stringify(count)}\n`);
  expect(count.complete).toBeGreaterThan(KILLS);
  expect(count.cut).toBeGreaterThan(0);
  expect(count.estimated).toBeGreaterThan(0);
});

test('a database that stops and starts under load gets every row once', { timeout: 120_000 }, async () => {
  await using server = await startPostgres({ major: 16, durable: true });
  const other = await server.createDatabase();
  const main = database;
  database = other;
  try {
    // However long the server takes to come back, calls go on, and each must have its row.
    await using gateway = await start(spendDirectory, { allow_requests_on_db_unavailable: true });
    const load = new SpendLoad(CLIENTS, seeded(seed));
    load.url = gateway.url;
    for (let outage = 0; outage < 2; outage++) {
      await sleep(700);
      await server.crash();
      await sleep(700);
      await server.restart();
    }
    await sleep(300);
    await load.stop();
    expect((await gateway.stop()).code).toBe(0);
    const stored = await rowsByUser(server.superuserUrl(other.name));
    const provided = providedByUser(provider);
    expect(load.calls.length).toBeGreaterThan(50);
    for (const { user, outcome } of load.calls) {
      expect(outcome, user).toBe('complete');
      const [row, ...more] = stored.get(user) ?? [];
      const request = provided.get(user);
      if (row === undefined || request === undefined) throw new Error(`${user} has no row`);
      expect(more, user).toEqual([]);
      requireTrueRow(row, trueCost(request), user);
    }
  } finally {
    database = main;
  }
});

test('two gateways share a place, and the one that lives stores what the other left', async () => {
  await using one = await start();
  const other = await start();
  const gate = new Gate();
  provider.script({ kind: 'answer', gate });
  gate.release();
  const body = { model: 'priced', messages: MESSAGES, stream: true, max_tokens: 5, user: 'cut' };
  const cut = expect(postChat({ url: other.url, body }).then((answer) => answer.text())).rejects.toThrow();
  await provider.request(1);
  other.signal('SIGKILL');
  await cut;
  expect((await postChat({ url: one.url, body: { ...body, stream: false, user: 'whole' } })).status).toBe(
    200,
  );
  // The next process looks at once, the living one every 30 s.
  await using next = await start();
  await next.logged('spend rows of a gateway that ended are stored');
  expect(await rowsOf('cut')).toMatchObject([{ estimated: true, status: 'failure' }]);
  await expect.poll(() => rowsOf('whole')).toMatchObject([{ estimated: false, status: 'success' }]);
});

describe('a disk that is full', () => {
  const chat = (url: string, user: string, more: object = {}) =>
    postChat({ url, body: { model: 'priced', messages: MESSAGES, max_tokens: 3, user, ...more } });

  test('refuses new calls, lets the running one end with its row, and serves again when space is freed', async () => {
    await using disk = await SmallDisk.mount(96);
    await using gateway = await start(disk.directory);
    const gate = new Gate();
    provider.script({ kind: 'answer', gate });
    gate.release();
    const running = await chat(gateway.url, 'running', { stream: true });
    await disk.leave(0);
    await expect.poll(async () => (await chat(gateway.url, 'refused')).status).toBe(503);
    const refused = await chat(gateway.url, 'refused');
    expect(await refused.json()).toMatchObject({
      error: { message: expect.stringContaining('disk is full'), type: 'service_unavailable', code: '503' },
    });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    for (let event = 0; event < 6; event++) gate.release();
    expect(eventsOf(await running.text()).at(-1)).toBe('[DONE]');
    // What is on the full disk now is enough.
    gateway.signal('SIGKILL');
    await gateway.ended;
    await disk.free();
    await using next = await start(disk.directory);
    expect((await chat(next.url, 'afterwards')).status).toBe(200);
    const provided = providedByUser(provider);
    const request = provided.get('running');
    if (request === undefined) throw new Error('the provider was not asked');
    await expect.poll(() => rowsOf('running')).toHaveLength(1);
    for (const row of await rowsOf('running')) requireTrueRow(row, trueCost(request), 'running');
  });

  test('is the reason that a gateway gives for not starting', async () => {
    await using disk = await SmallDisk.mount(8);
    await disk.leave(1);
    await expect(start(disk.directory)).rejects.toThrow(
      /the spend journal cannot be kept in .*ENOSPC.*make room there, or name another directory in LITELLM_SPEND_DIR/,
    );
  });
});
