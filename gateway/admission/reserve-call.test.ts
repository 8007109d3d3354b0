import { describe, expect, test } from 'vitest';
import { MemoryBank } from '../../tests/harness/budget-bank.ts';
import { ManualTimers } from '../../tests/harness/manual-timers.ts';
import type { WrittenPrices } from '../accounting/price-sheet.ts';
import { priceList } from '../accounting/prices.ts';
import { type Call, newCall } from '../call.ts';
import type { Deployment } from '../routing/deployment.ts';
import type { Counter } from './call-size.ts';
import { Ledger } from './ledger/ledger.ts';
import { reserveCall } from './reserve-call.ts';

const SCOPE = 'key:a';
const NOW = Date.UTC(2026, 10, 28);
/** A pico-dollar a token of the prompt, ten a token of the answer. */
const PRICES: WrittenPrices = { input: 1e-12, output: 10e-12 };
/** A prompt of 1,000 bytes and 200 tokens, an answer of 50 tokens. */
const [BYTES, TOKENS, ANSWER] = [1000, 200, 50];
const COST = BigInt(TOKENS + 10 * ANSWER);

const model = { provider: 'openai', model: 'model', dataProvider: undefined };
const deployment = {
  upstreamModel: 'model',
  maxOutputTokens: 4096,
  price: priceList({ ...model, overrides: PRICES }, NOW),
} as unknown as Deployment;

/** A key with a budget of so many pico-dollars. */
async function keyWith(budget: bigint, counts = true, maxTokens: number | null = ANSWER) {
  const bank = new MemoryBank();
  await bank.open(SCOPE, budget, null);
  const timers = new ManualTimers(NOW);
  const logger = { warn: () => undefined } as never;
  const ledger = new Ledger({ store: bank.storeFor('one'), processId: 'one', timers, logger });
  ledger.hears(true);
  const asked: string[] = [];
  const counter: Counter = { count: async () => (counts ? TOKENS : undefined) };
  const size = {
    bytes: BYTES,
    inputTokens: () => BYTES,
    countedTokens: async (name: string, { count }: Counter) => {
      asked.push(name);
      return (await count(name, [])) ?? BYTES;
    },
    maxTokens,
    choices: 1,
  };
  const reserve = async (signal = new AbortController().signal): Promise<Call> => {
    const call = newCall({
      startedAt: NOW,
      deployment,
      bound: { prompt: BYTES, completion: ANSWER },
    } as unknown as Parameters<typeof newCall>[0]);
    const deps = { ledger, enforcement: 'strict', counter } as const;
    const reserved = reserveCall(
      { call, scopes: [SCOPE], size, deployments: [deployment, deployment], signal },
      deps,
    );
    // What waits for others gives up after two seconds.
    if (reserved !== undefined) await Promise.all([reserved, timers.pass(3000)]);
    return call;
  };
  return { reserve, asked };
}

describe('a call with a budget', () => {
  test('far from the limit is bounded by its bytes: nothing is counted', async () => {
    const { reserve, asked } = await keyWith(1_000_000n);
    expect((await reserve()).reservation?.amount).toBe(BigInt(BYTES + 10 * ANSWER));
    expect(asked).toEqual([]);
  });

  test.each([1, 3])(
    'near it is counted, so that a key with room for %i calls by tokens makes them',
    async (calls) => {
      const { reserve, asked } = await keyWith(BigInt(calls) * COST);
      for (let call = 0; call < calls; call++) {
        const { reservation } = await reserve();
        reservation?.settle(COST);
      }
      await expect(reserve()).rejects.toMatchObject({ code: 'budget_exceeded' });
      expect(new Set(asked)).toEqual(new Set(['model']));
    },
  );

  test('is not refused for what runs beside it, when both fit by tokens', async () => {
    const { reserve } = await keyWith(2n * COST);
    const [first, second] = [await reserve(), await reserve()];
    expect([first.reservation?.amount, second.reservation?.amount]).toEqual([COST, COST]);
  });

  test('is refused by its bytes when it cannot be counted', async () => {
    const { reserve } = await keyWith(COST, false);
    await expect(reserve()).rejects.toMatchObject({ code: 'budget_exceeded' });
  });

  test('is not counted when not even its answer fits', async () => {
    const { reserve, asked } = await keyWith(10n * BigInt(ANSWER) - 1n);
    await expect(reserve()).rejects.toMatchObject({ code: 'budget_exceeded' });
    expect(asked).toEqual([]);
  });

  test('and an answer that nobody limits gets what its counted prompt leaves', async () => {
    const { reserve } = await keyWith(2000n, true, null);
    // A quarter of 2,000 is 500: 200 for the prompt, 300 for 30 tokens.
    expect((await reserve()).maxTokensSet).toBe(30);
  });

  test('whose client is gone keeps nothing', async () => {
    const { reserve } = await keyWith(COST);
    const gone = new AbortController();
    gone.abort(new Error('gone'));
    await expect(reserve(gone.signal)).rejects.toThrow('gone');
    expect((await reserve()).reservation?.amount).toBe(COST);
  });
});
