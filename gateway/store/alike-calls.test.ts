import fc from 'fast-check';
import { expect, test } from 'vitest';
import { START, spendRecord } from '../../tests/harness/spend-record.ts';
import type { SpendRecord } from '../accounting/spend.ts';
import { SILENT } from '../caller.ts';
import { alikeCalls } from './alike-calls.ts';

const DAY = 24 * 60 * 60 * 1000;
const names = fc.option(fc.constantFrom('red', 'red"', 'blue'));
const charge = fc.record({
  scope: fc.constantFrom('key:a', 'team:red'),
  processId: fc.constantFrom('one', 'two'),
  leased: fc.constantFrom(0n, 3n),
});
const some = fc.array(
  fc
    .record({
      apiKey: fc.constantFrom('k1', 'k2'),
      teamId: names,
      userId: names,
      endUser: names,
      tags: fc.subarray(['x', 'y', 'x","y']),
      modelNames: fc.subarray(['gpt', 'swift'], { minLength: 1 }),
      charges: fc.array(charge, { maxLength: 2 }),
      spend: fc.constantFrom(0n, 5n),
      promptTokens: fc.nat(9),
      status: fc.constantFrom('success' as const, 'failure' as const),
      startTime: fc.constantFrom(START, START + DAY),
      endTime: fc.constantFrom(START + DAY, START + DAY + 400, START + DAY + 1400),
    })
    .map(({ tags, ...call }) => spendRecord({ ...call, caller: { ...SILENT, tags } })),
  { maxLength: 30 },
);

/** What of a call is counted apart, as a text. */
const apart = (call: SpendRecord): string =>
  JSON.stringify([
    ...[call.apiKey, call.teamId, call.userId, call.endUser, call.caller.tags, call.modelNames],
    call.charges.map(({ scope, processId }) => [scope, processId]),
    Math.floor(call.startTime / DAY),
    Math.floor(call.endTime / 1000),
  ]);

test('each group holds what all of its calls add up to, and nothing that is counted apart', () => {
  fc.assert(
    fc.property(some, (calls) => {
      const groups = alikeCalls(calls);
      const expected = Map.groupBy(calls, apart);
      expect(groups.map(({ call }) => apart(call))).toEqual([...expected.keys()]);
      for (const group of groups) {
        const members = expected.get(apart(group.call)) ?? [];
        const sum = (of: (call: SpendRecord) => bigint): bigint =>
          members.reduce((total, call) => total + of(call), 0n);
        expect(group.spend).toBe(sum(({ spend }) => spend));
        expect(BigInt(group.promptTokens)).toBe(sum(({ promptTokens }) => BigInt(promptTokens)));
        expect(group.requests).toBe(members.length);
        expect(group.succeeded).toBe(members.filter(({ status }) => status === 'success').length);
        expect(group.leased).toEqual(
          group.call.charges.map((_charge, at) => sum(({ charges }) => charges[at]?.leased ?? 0n)),
        );
      }
    }),
  );
});
