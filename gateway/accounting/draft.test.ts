import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Call, newCall } from '../call.ts';
import { SILENT } from '../caller.ts';
import { KEEPS_NOTHING } from './content/content.ts';
import { draftRecord, StreamDrafts } from './draft.ts';
import { priceList } from './prices.ts';

const START = 1_000_000;

function call(price: Call['deployment']['price']): Call {
  return newCall({
    id: 'call-1',
    rowId: '0193a5e0-1234-7abc-8def-0123456789ab',
    startedAt: START,
    identity: { keyHash: 'hash' } as Call['identity'],
    requesterIp: null,
    caller: SILENT,
    modelGroup: 'gpt',
    modelNames: ['gpt'],
    endUser: null,
    logged: true,
    keeping: KEEPS_NOTHING,
    asked: null,
    streamed: true,
    showUsage: false,
    ignoredFields: [],
    deployment: { price } as Call['deployment'],
    bound: { prompt: 100, completion: 50 },
  });
}

describe('a draft', () => {
  const ofOneModel = { provider: 'ours', model: 'ours', dataProvider: undefined };
  const overrides = { input: 2e-12, output: 10e-12 };
  const price = priceList({ ...ofOneModel, overrides }, START);

  test('costs what its tokens would, is marked as an estimate and leaves the call alone', () => {
    const running = call(price);
    expect(draftRecord(running, running.bound, START + 5)).toMatchObject({
      rowId: running.rowId,
      spend: 100n * 2n + 50n * 10n,
      promptTokens: 100,
      completionTokens: 50,
      totalTokens: 150,
      estimated: true,
      endTime: START + 5,
    });
    expect(running).toMatchObject({ usage: null, spend: 0n, endedAt: 0, estimated: false });
  });

  test('of a model without a price costs nothing', () => {
    expect(draftRecord(call(null), { prompt: 1, completion: 1 }, START).spend).toBe(0n);
  });
});

describe('the drafts of a stream', () => {
  /** What is on record whenever something is sent, beside what was sent by then, and how many drafts that took. */
  function run(most: number, sends: readonly (readonly [tokens: number, afterMs: number])[]) {
    const drafts = new StreamDrafts(START, most);
    let [sent, now, covered, count] = [0, START, most, 0];
    return sends.map(([tokens, afterMs]) => {
      sent += tokens;
      now += afterMs;
      const due = drafts.due(sent, now);
      if (due !== null) [covered, count] = [due, count + 1];
      return { sent, covered, count, elapsedMs: now - START };
    });
  }
  const sends = fc.array(fc.tuple(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 700 })), {
    maxLength: 100,
  });

  test('never cover less than is sent, nor more than the call may cost if it keeps to that', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), sends, (most, list) => {
        for (const { sent, covered } of run(most, list)) {
          expect(covered).toBeGreaterThanOrEqual(sent);
          if (sent <= most) expect(covered).toBeLessThanOrEqual(most);
        }
      }),
    );
  });

  test('cover little more than twice of what was sent, once a second is over', () => {
    fc.assert(
      fc.property(sends, (list) => {
        for (const { sent, covered, elapsedMs } of run(4096, list)) {
          if (elapsedMs >= 1000) expect(covered).toBeLessThanOrEqual(2 * sent + 16);
        }
      }),
    );
  });

  test('of an even stream are one a second at most, and ever fewer', () => {
    const minute = run(
      1_000_000,
      Array.from({ length: 6000 }, () => [1, 10] as const),
    );
    for (const { count, elapsedMs } of minute) expect(count).toBeLessThanOrEqual(elapsedMs / 1000);
    expect(minute.at(-1)?.count).toBeLessThan(8);
  });

  test('are none in the first second', () => {
    expect(run(100, [[100, 999]])).toMatchObject([{ covered: 100, count: 0 }]);
  });
});
