import type { Item, RuleOutcome, RuleResult } from './xccdf.ts';

/** Results that say nothing about the machine: XCCDF leaves them out of the score. */
const LEFT_OUT: ReadonlySet<RuleResult> = new Set([
  'notselected',
  'notapplicable',
  'notchecked',
  'informational',
]);

/** How often each result came up. */
export type Counts = Readonly<Record<RuleResult, number>>;

export function countResults(results: Iterable<RuleResult>): Counts {
  const counts: Record<RuleResult, number> = {
    pass: 0,
    fail: 0,
    error: 0,
    unknown: 0,
    notapplicable: 0,
    notchecked: 0,
    notselected: 0,
    informational: 0,
    fixed: 0,
  };
  for (const result of results) counts[result] += 1;
  return counts;
}

/** Passed rules among all that have to pass, in percent with two digits; 0 where nothing has to. */
export function ratio(passed: number, failed: number): number {
  return passed + failed === 0 ? 0 : Math.round((10_000 * passed) / (passed + failed)) / 100;
}

/**
 * The default score of XCCDF 1.2 (`urn:xccdf:scoring:default`), 0 to 100: the weighted mean of a group's items, in which
 * a rule that did not pass counts 0, and rules and groups without a say are left out. A rule weighs what its outcome says.
 */
export function defaultScore(items: readonly Item[], outcomes: ReadonlyMap<string, RuleOutcome>): number {
  return meanOf(items, outcomes) ?? 0;
}

function meanOf(items: readonly Item[], outcomes: ReadonlyMap<string, RuleOutcome>): number | undefined {
  let sum = 0;
  let weights = 0;
  for (const item of items) {
    const scored = item.items === undefined ? scoreOf(outcomes.get(item.id)) : groupScore(item, outcomes);
    if (scored === undefined) continue;
    sum += scored.score * scored.weight;
    weights += scored.weight;
  }
  return weights === 0 ? undefined : sum / weights;
}

interface Scored {
  readonly score: number;
  readonly weight: number;
}

function scoreOf(outcome: RuleOutcome | undefined): Scored | undefined {
  if (outcome === undefined || LEFT_OUT.has(outcome.result)) return undefined;
  const passed = outcome.result === 'pass' || outcome.result === 'fixed';
  return { score: passed ? 100 : 0, weight: outcome.weight };
}

function groupScore(
  { items = [], weight }: Item,
  outcomes: ReadonlyMap<string, RuleOutcome>,
): Scored | undefined {
  const score = meanOf(items, outcomes);
  return score === undefined ? undefined : { score, weight };
}
