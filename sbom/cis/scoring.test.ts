import fc from 'fast-check';
import { expect, test } from 'vitest';
import { arfFile, plainBaseArf } from './fixtures/arf.ts';
import { readArf } from './scap-document.ts';
import { countResults, defaultScore, ratio } from './scoring.ts';
import { type Item, RULE_RESULTS, type RuleOutcome, type RuleResult } from './xccdf.ts';

test('the score of a real scan is the one that the scanner computed', async () => {
  const { benchmark, testResult } = await readArf(arfFile(plainBaseArf()));
  // The scanner computes with single precision.
  expect(Math.abs(defaultScore(benchmark.items, testResult.outcomes) - testResult.score)).toBeLessThan(0.001);
});

const weight = fc.integer({ min: 1, max: 10 });
const { tree } = fc.letrec<{ tree: Item[]; group: Item; rule: Item }>((tie) => ({
  tree: fc.array(fc.oneof({ depthSize: 'small' }, tie('rule'), tie('group')), { maxLength: 6 }),
  group: fc.record({ id: fc.uuid(), weight, items: tie('tree') }),
  rule: fc.record({ id: fc.uuid(), weight }),
}));
const rulesOf = (items: readonly Item[]): Item[] =>
  items.flatMap((item) => (item.items === undefined ? [item] : rulesOf(item.items)));
const outcomesOf = (items: readonly Item[], resultOf: (index: number) => RuleResult) =>
  new Map<string, RuleOutcome>(
    rulesOf(items).map(({ id, weight: ruleWeight }, index) => [
      id,
      { result: resultOf(index), severity: 'medium', weight: ruleWeight },
    ]),
  );
const scored = fc
  .tuple(tree, fc.infiniteStream(fc.constantFrom(...RULE_RESULTS)))
  .map(([items, stream]) => ({ items, outcomes: outcomesOf(items, () => stream.next().value) }));

test('a score lies between 0 and 100', () => {
  fc.assert(
    fc.property(scored, ({ items, outcomes }) => {
      const score = defaultScore(items, outcomes);
      return score >= 0 && score <= 100 + 1e-9;
    }),
  );
});

test('a tree in which everything passes scores 100, one in which everything fails 0', () => {
  fc.assert(
    fc.property(tree, (items) => {
      fc.pre(rulesOf(items).length > 0);
      expect(
        defaultScore(
          items,
          outcomesOf(items, () => 'pass'),
        ),
      ).toBeCloseTo(100, 9);
      expect(
        defaultScore(
          items,
          outcomesOf(items, () => 'fail'),
        ),
      ).toBe(0);
    }),
  );
});

test('a rule that turns from fail to pass never lowers the score', () => {
  fc.assert(
    fc.property(scored, fc.nat(), ({ items, outcomes }, pick) => {
      const failed = [...outcomes].filter(([, { result }]) => result === 'fail');
      const chosen = failed[pick % Math.max(failed.length, 1)];
      fc.pre(chosen !== undefined);
      const [id, outcome] = chosen as [string, RuleOutcome];
      const better = new Map(outcomes).set(id, { ...outcome, result: 'pass' });
      expect(defaultScore(items, better)).toBeGreaterThanOrEqual(defaultScore(items, outcomes) - 1e-9);
    }),
  );
});

test('rules without a say do not move the score, and errors count as failures', () => {
  fc.assert(
    fc.property(scored, ({ items, outcomes }) => {
      const replace = (from: RuleResult, to: RuleResult | undefined) =>
        new Map(
          [...outcomes].flatMap(([id, outcome]) => {
            if (outcome.result !== from) return [[id, outcome] as const];
            return to === undefined ? [] : [[id, { ...outcome, result: to }] as const];
          }),
        );
      const score = defaultScore(items, outcomes);
      expect(defaultScore(items, replace('notapplicable', undefined))).toBeCloseTo(score, 9);
      expect(defaultScore(items, replace('error', 'fail'))).toBeCloseTo(score, 9);
      expect(defaultScore(items, replace('unknown', 'fail'))).toBeCloseTo(score, 9);
    }),
  );
});

test('every result is counted once', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...RULE_RESULTS)), (results) => {
      const counts = countResults(results);
      expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(results.length);
      for (const name of RULE_RESULTS)
        expect(counts[name]).toBe(results.filter((result) => result === name).length);
    }),
  );
});

test.each([
  [353, 11, 96.98],
  [353, 13, 96.45],
  [0, 5, 0],
  [0, 0, 0],
  [5, 0, 100],
])('%i passed and %i failed are %f percent', (passed, failed, percent) => {
  expect(ratio(passed, failed)).toBe(percent);
});
