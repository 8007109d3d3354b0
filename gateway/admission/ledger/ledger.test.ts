import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { MemoryBank } from '../../../tests/harness/budget-bank.ts';
import { ManualTimers } from '../../../tests/harness/manual-timers.ts';
import { GatewayError } from '../../http/errors.ts';
import { Ledger } from './ledger.ts';
import type { BudgetStore } from './port.ts';
import type { Reservation } from './reservation.ts';

const SCOPE = 'key:a';
const START = 1_800_000_000_000;

const rest = async (): Promise<void> => {
  for (let turn = 0; turn < 12; turn++) await nextTurn();
};

/** One process over a bank with one budget; `exchanges` counts how often it asked, each is answered after `answered`. */
async function setUp(limit: bigint, { deaf = false, processId = 'one', bank = new MemoryBank() } = {}) {
  if (processId === 'one') await bank.open(SCOPE, limit, null);
  const timers = new ManualTimers(START, rest);
  const store = bank.storeFor(processId);
  const seen = { exchanges: 0, away: false, unheard: false, warnings: 0, answered: Promise.resolve() };
  const watched: BudgetStore = {
    ...store,
    exchange: async (...request) => {
      seen.exchanges++;
      await seen.answered;
      if (!seen.away) await store.exchange(...request);
      if (seen.away || seen.unheard) throw new GatewayError('database_unavailable', 'The database is away');
    },
  };
  const logger = { warn: () => void seen.warnings++ } as never;
  const ledger = new Ledger({ store: watched, processId, timers, logger });
  if (!deaf) ledger.hears(true);
  const ask = (bound: bigint, more: object = {}) =>
    ledger.reserve({ scopes: [SCOPE], enforcement: 'strict', patient: true, bound, minimum: bound, ...more });
  return { bank, ledger, timers, seen, ask };
}

/** The reservation of a call that was served without asking. */
function atOnce(asked: Reservation | Promise<Reservation>): Reservation {
  expect(asked).not.toBeInstanceOf(Promise);
  return asked as Reservation;
}

/** A slice that holds more than one call. */
async function warm(limit = 1_000_000n) {
  const world = await setUp(limit);
  (await world.ask(10n)).release();
  return world;
}

/** Two processes that hear each other. */
async function pair(limit: bigint) {
  const first = await setUp(limit);
  const second = await setUp(0n, { bank: first.bank, processId: 'two' });
  first.bank.listen((verb, scope) => {
    first.ledger[verb](scope);
    second.ledger[verb](scope);
  });
  return { first, second };
}

test('far from the limit calls ask nobody', async () => {
  const { ask, seen } = await warm();
  for (let call = 0; call < 5; call++) atOnce(ask(10n)).settle(3n);
  expect(seen.exchanges).toBe(1);
});

test('a process that asks often asks for more', async () => {
  const { ask, seen } = await warm();
  for (let call = 0; call < 1000; call++) await ask(10n);
  expect(seen.exchanges).toBeLessThan(12);
});

test('a slice is refilled before it is empty, and no call waits for that', async () => {
  const { ask, seen } = await warm(1_000_000_000n);
  const slow = Promise.withResolvers<void>();
  seen.answered = slow.promise;
  // What is held lasts for 32 calls; refilling begins behind the half of them, once.
  for (let call = 0; call < 30; call++) atOnce(ask(10n));
  expect(seen.exchanges).toBe(2);
  slow.resolve();
  await rest();
  for (let call = 0; call < 30; call++) atOnce(ask(10n));
});

test('a refill that fails costs no call anything, and is not tried at each of them', async () => {
  const { ask, seen, timers } = await warm(1_000_000_000n);
  seen.away = true;
  for (let call = 0; call < 20; call++) atOnce(ask(10n));
  await rest();
  for (let call = 0; call < 10; call++) atOnce(ask(10n));
  expect(seen.exchanges).toBe(2);
  seen.away = false;
  await timers.pass(1000);
  await ask(10n);
  for (let call = 0; call < 5; call++) atOnce(ask(10n));
});

test('a slice that holds few calls, since not much is left, is not refilled at each of them', async () => {
  // A sixteenth is less than four calls.
  const { ask, seen } = await setUp(600n);
  await ask(10n);
  const { exchanges } = seen;
  atOnce(ask(10n));
  atOnce(ask(10n));
  expect(seen.exchanges).toBe(exchanges);
});

test('near the limit a process holds exactly what it needs', async () => {
  const { ask, bank } = await setUp(100n);
  await ask(30n);
  expect((await bank.budget(SCOPE)).leased).toBe(30n);
});

test('a reservation ends once', async () => {
  const { ask, ledger } = await warm();
  const reservation = atOnce(ask(10n));
  expect(reservation.settle(4n)).toEqual([{ scope: SCOPE, processId: ledger.processId, leased: 4n }]);
  expect(reservation.settle(4n)).toEqual([]);
  reservation.release();
  const other = atOnce(ask(10n));
  other.release();
  expect(other.settle(4n)).toEqual([]);
});

test('a call that costs more than was reserved takes it from what is held, and the rest is counted when it is stored', async () => {
  const { ask, bank, ledger } = await setUp(100n);
  const reservation = await ask(30n);
  const charges = reservation.settle(50n);
  expect(charges).toEqual([{ scope: SCOPE, processId: ledger.processId, leased: 30n }]);
  await bank.storeCalls([{ cost: 50n, charges, endedAt: START }]);
  expect(await bank.budget(SCOPE)).toMatchObject({ spent: 50n, leased: 0n });
  await expect(ask(51n)).rejects.toThrow('Budget has been exceeded!');
  expect((await ask(50n)).amount).toBe(50n);
});

test('a call that can never fit is refused at once, with cost, limit and bound', async () => {
  const { ask } = await setUp(1_500_000_000_000n);
  const first = await ask(1_000_000_000_000n);
  first.settle(1_000_000_000_000n);
  const refused = await Promise.resolve(ask(600_000_000_000n)).catch((error) => error);
  expect(refused).toBeInstanceOf(GatewayError);
  expect(refused.envelope()).toEqual({
    error: {
      message: 'Budget has been exceeded! Current cost: 1, Max budget: 1.5. This call could cost up to 0.6',
      type: 'budget_exceeded',
      param: null,
      code: '429',
    },
  });
});

test('a call that running ones block waits two seconds', async () => {
  const { ask, timers } = await setUp(100n);
  await ask(60n);
  let refusedAt = 0;
  const refused = Promise.resolve(ask(50n)).catch(() => {
    refusedAt = timers.now();
  });
  await timers.pass(10_000);
  await refused;
  expect(refusedAt).toBe(START + 2000);
});

test('while a slow store is waited for nobody’s two seconds run', async () => {
  const { ask, timers, seen } = await setUp(100n);
  const answer = Promise.withResolvers<void>();
  seen.answered = answer.promise;
  const [first, second] = [ask(80n), ask(80n)] as Promise<Reservation>[];
  const told = expect(second).rejects.toMatchObject({ code: 'budget_exceeded' });
  await timers.pass(10_000);
  answer.resolve();
  expect((await first)?.amount).toBe(80n);
  await timers.pass(2000);
  await told;
});

test('a release lets the one who waits go on at once', async () => {
  const { ask } = await setUp(100n);
  const running = await ask(60n);
  const waiting = ask(50n);
  await rest();
  running.release();
  expect((await waiting).amount).toBe(50n);
});

test('a call that does not fit does not hold up a smaller one behind it', async () => {
  const { ask, timers } = await setUp(100n);
  await ask(60n);
  const large = Promise.resolve(ask(50n)).catch(() => 'refused');
  expect((await ask(40n)).amount).toBe(40n);
  await timers.pass(2000);
  expect(await large).toBe('refused');
});

test('a client that leaves waits no more', async () => {
  const { ask, ledger } = await setUp(100n);
  const running = await ask(60n);
  const client = new AbortController();
  const waiting = ask(50n, { signal: client.signal });
  client.abort(new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
  running.release();
  expect((await ask(100n)).amount).toBe(100n);
  expect(ledger.size).toBe(1);
});

test('a client that leaves while its money comes gives it back', async () => {
  const { ask } = await setUp(100n);
  const client = new AbortController();
  const waiting = ask(60n, { signal: client.signal });
  await nextTurn();
  client.abort(new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
  await rest();
  expect((await ask(100n)).amount).toBe(100n);
});

test('a call that may be limited gets a quarter of what is left of a budget that it would exhaust', async () => {
  const { ask } = await setUp(100n);
  expect((await ask(101n, { minimum: 20n })).amount).toBe(25n);
  expect((await ask(75n, { minimum: 20n })).amount).toBe(75n);
});

test('it is refused where a quarter would be too little', async () => {
  const { ask } = await setUp(100n);
  await expect(ask(101n, { minimum: 26n })).rejects.toThrow('Budget has been exceeded!');
});

test('what others hold and do not need comes back when it is wanted', async () => {
  const { first, second } = await pair(1_000_000n);
  (await first.ask(10n)).release();
  expect((await first.bank.budget(SCOPE)).leased).toBeGreaterThan(10n);
  expect((await second.ask(1_000_000n)).amount).toBe(1_000_000n);
});

test('what is released while somebody elsewhere waits goes there at once', async () => {
  const { first, second } = await pair(100n);
  const running = await first.ask(60n);
  const waiting = second.ask(50n);
  await rest();
  running.settle(50n);
  expect((await waiting).amount).toBe(50n);
});

test('a budget that is deleted covers nothing any more, and admits nobody', async () => {
  const { ask, bank } = await warm();
  const running = atOnce(ask(10n));
  bank.remove(SCOPE);
  await expect(ask(100_000n)).rejects.toThrow('was deleted');
  expect(running.settle(5n)).toMatchObject([{ leased: 0n }]);
});

test('money that nobody uses goes back, and its budget is forgotten', async () => {
  const { ask, bank, ledger, timers } = await warm();
  atOnce(ask(10n)).release();
  await timers.pass(15_000);
  expect((await bank.budget(SCOPE)).leased).toBe(0n);
  expect(ledger.size).toBe(0);
});

test('a call whose row is not stored stays leased', async () => {
  const { ask, bank, ledger, timers } = await warm();
  const charges = atOnce(ask(10n)).settle(7n);
  await timers.pass(30_000);
  expect((await bank.budget(SCOPE)).leased).toBe(7n);
  await bank.storeCalls([{ cost: 7n, charges, endedAt: START }]);
  await timers.pass(30_000);
  expect(await bank.budget(SCOPE)).toMatchObject({ spent: 7n, leased: 0n });
  expect(ledger.size).toBe(0);
});

test('a process that hears no announcements holds no more than it uses', async () => {
  const { ask, bank } = await setUp(1_000_000n, { deaf: true });
  const reservation = await ask(10n);
  expect((await bank.budget(SCOPE)).leased).toBe(10n);
  reservation.release();
  await rest();
  expect((await bank.budget(SCOPE)).leased).toBe(0n);
});

test('while the store is away what is held goes on, and what is beyond it is an error of the database', async () => {
  const { ask, seen, timers } = await warm();
  seen.away = true;
  atOnce(ask(10n)).settle(10n);
  await expect(ask(10_000n)).rejects.toMatchObject({ code: 'database_unavailable', status: 503 });
  atOnce(ask(10n)).release();
  await timers.pass(10_000);
  expect(seen.warnings).toBe(1);
  seen.away = false;
  expect((await ask(10_000n)).amount).toBe(10_000n);
});

test('a process that ends gives everything back, but for calls that are not stored', async () => {
  const { ask, bank, ledger } = await warm();
  const stored = atOnce(ask(10n)).settle(5n);
  await bank.storeCalls([{ cost: 5n, charges: stored, endedAt: START }]);
  atOnce(ask(10n)).settle(4n);
  await ledger.close();
  expect(await bank.budget(SCOPE)).toMatchObject({ spent: 5n, leased: 4n });
});

test('a process that ends does not wait for all that a sweep would do', async () => {
  const bank = new MemoryBank();
  const timers = new ManualTimers(START, rest);
  const store: BudgetStore = {
    ...bank.storeFor('one'),
    sweep: (_now, closing) => new Promise((resolve) => closing?.addEventListener('abort', () => resolve())),
  };
  const ledger = new Ledger({ store, processId: 'one', timers, logger: { warn: () => undefined } as never });
  await timers.pass(10_000);
  await expect(ledger.close()).resolves.toBeUndefined();
});

test('compatible: calls pass while anything is left, and one crosses the line', async () => {
  const { ask, timers } = await setUp(100n);
  const compatible = { enforcement: 'compatible' };
  expect((await ask(90n, compatible)).amount).toBe(90n);
  expect((await ask(90n, compatible)).amount).toBe(90n);
  const third = Promise.resolve(ask(0n, compatible)).catch(() => 'refused');
  await timers.pass(2000);
  expect(await third).toBe('refused');
});

test('compatible: what comes back below a limit that is crossed is not spent again, here or elsewhere', async () => {
  const { first, second } = await pair(100n);
  const compatible = { enforcement: 'compatible' };
  const running = await first.ask(60n, compatible);
  await second.ask(60n, compatible);
  running.settle(40n);
  const more = [first, second].map(({ ask }) => Promise.resolve(ask(10n, compatible)).catch(() => 'refused'));
  await first.timers.pass(2000);
  await second.timers.pass(2000);
  expect(await Promise.all(more)).toEqual(['refused', 'refused']);
});

test('compatible: what one call has set aside beyond the limit is not another one’s', async () => {
  const { ask } = await setUp(100n);
  (await ask(150n, { enforcement: 'compatible' })).settle(100n);
  await expect(ask(10n, { enforcement: 'compatible' })).rejects.toThrow('Budget has been exceeded!');
});

test('money whose booking was not heard of comes back when it is wanted', async () => {
  const { first, second } = await pair(100n);
  first.seen.unheard = true;
  await expect(first.ask(60n)).rejects.toMatchObject({ code: 'database_unavailable' });
  first.seen.unheard = false;
  expect((await first.bank.budget(SCOPE)).leased).toBe(60n);
  expect((await second.ask(100n)).amount).toBe(100n);
});

test('all budgets or none', async () => {
  const { ask, bank, timers } = await setUp(100n);
  await bank.open('team:t', 10n, null);
  const both = Promise.resolve(ask(50n, { scopes: [SCOPE, 'team:t'] })).catch((error) => error.message);
  await timers.pass(2000);
  expect(await both).toContain('Max budget');
  expect((await bank.budget(SCOPE)).leased).toBe(0n);
  expect((await ask(100n)).amount).toBe(100n);
});

test('who does not want to wait for others is told at once; who waits for the same is not held up', async () => {
  const { ask, timers } = await setUp(100n);
  const running = await ask(80n);
  await expect(ask(30n, { patient: false })).rejects.toMatchObject({ code: 'budget_exceeded' });
  const patient = ask(30n) as Promise<Reservation>;
  await rest();
  await expect(ask(40n, { patient: false })).rejects.toMatchObject({ code: 'budget_exceeded' });
  expect((await ask(20n, { patient: false })).amount).toBe(20n);
  running.settle(10n);
  await timers.pass(0);
  expect((await patient).amount).toBe(30n);
});

test('more that was allowed for a while is not spent any more when that is over, though it is held', async () => {
  const { ask, bank, timers, seen } = await setUp(100n);
  await bank.increase(SCOPE, { amount: 1_000_000n, until: START + 60_000 });
  (await ask(90n)).settle(90n);
  expect((await bank.budget(SCOPE)).leased).toBeGreaterThan(100n);
  atOnce(ask(20n)).release();
  timers.jump(60_000);
  await expect(ask(20n)).rejects.toThrow('Budget has been exceeded!');
  expect((await ask(10n)).amount).toBe(10n);
  expect(seen.exchanges).toBe(2);
});
