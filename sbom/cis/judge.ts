import type { CheckResult } from '../check-result.ts';
import type { ContentPackage } from './content.ts';
import type { CisScore, Finding, Origin, ProfileScore } from './score.ts';
import { countResults, defaultScore, ratio } from './scoring.ts';
import { type Tailoring, tailoredOut } from './tailoring.ts';
import type { Benchmark, RuleOutcome, RuleResult, TestResult } from './xccdf.ts';

/** What the untailored profile has to reach, in percent. */
export const LEAST_UNTAILORED = 96;

/** Results that keep a rule from being judged; without a listed reason they count as failures. */
const NOT_JUDGED: ReadonlySet<RuleResult> = new Set(['error', 'unknown', 'notchecked']);
const GOOD: ReadonlySet<RuleResult> = new Set(['pass', 'fixed', 'notapplicable', 'informational']);

/** A scan of the untailored profile, and how it came about. */
export interface Evidence {
  readonly benchmark: Benchmark;
  /** The scan of the whole profile; its outcomes are replaced by `outcomes`. */
  readonly testResult: TestResult;
  readonly outcomes: ReadonlyMap<string, RuleOutcome>;
  /** Rules that were asked again in the virtual machine, or once more where `wholeFrom` is that; the others come from the whole scan. */
  readonly rechecked: ReadonlySet<string>;
  readonly wholeFrom: Origin;
  readonly content: readonly ContentPackage[];
}

/** Judges a scan by the tailoring, for one target. */
export function judge(evidence: Evidence, tailoring: Tailoring, target: string): CisScore {
  const { benchmark, testResult, content } = evidence;
  const selected = benchmark.profiles.get(tailoring.profile) ?? new Set<string>();
  const out = tailoredOut(tailoring, target).filter(({ rule }) => selected.has(rule));
  const outRules = new Set(out.map(({ rule }) => rule));
  const kept = new Set([...selected].filter((rule) => !outRules.has(rule)));
  const resultOf = (rule: string): RuleResult => evidence.outcomes.get(rule)?.result ?? 'unknown';
  const listed = tailoring.contentFaults.filter(
    ({ rule, result }) => selected.has(rule) && evidence.outcomes.get(rule)?.result === result,
  );
  const excused = new Set(listed.map(({ rule }) => rule));
  return {
    format: 1,
    how: howItWasMade(evidence),
    profile: tailoring.profile,
    benchmark: { id: benchmark.id, version: benchmark.version },
    content,
    scanner: testResult.scanner,
    startedAt: testResult.startedAt,
    endedAt: testResult.endedAt,
    scannedIn: scannedIn(evidence),
    untailored: profileScore(evidence, selected, excused),
    tailored: profileScore(evidence, kept, excused),
    tailoredOut: out.map(({ rule, reason }) => ({ rule, reason, result: resultOf(rule) })),
    contentFaults: listed.map(({ rule, result, reason }) => ({ rule, result, reason })),
    findings: findings(evidence, kept, excused, tailoring),
    rules: Object.fromEntries(
      [...selected]
        .sort()
        .map((rule) => [
          rule,
          { result: resultOf(rule), origin: evidence.rechecked.has(rule) ? 'vm' : evidence.wholeFrom },
        ]),
    ),
  };
}

function profileScore(
  evidence: Evidence,
  rules: ReadonlySet<string>,
  excused: ReadonlySet<string>,
): ProfileScore {
  const outcomes = new Map([...evidence.outcomes].filter(([rule]) => rules.has(rule)));
  const missing = [...rules].filter((rule) => !outcomes.has(rule)).map((): RuleResult => 'unknown');
  const results = countResults([...[...outcomes.values()].map(({ result }) => result), ...missing]);
  const passed = results.pass + results.fixed;
  const notJudged = results.error + results.unknown + results.notchecked + results.notselected;
  const excusedHere = [...excused].filter((rule) => rules.has(rule)).length;
  return {
    rules: rules.size,
    results,
    ratio: ratio(passed, results.fail + notJudged - excusedHere),
    strictRatio: ratio(passed, results.fail + notJudged),
    score: Math.round(1000 * defaultScore(evidence.benchmark.items, outcomes)) / 1000,
  };
}

function findings(
  { benchmark, outcomes }: Evidence,
  kept: ReadonlySet<string>,
  excused: ReadonlySet<string>,
  { contentFaults }: Tailoring,
): Finding[] {
  const faults = new Map(contentFaults.map(({ rule, result }) => [rule, result]));
  const found: Finding[] = [];
  for (const rule of [...kept].sort()) {
    const result = outcomes.get(rule)?.result;
    const expected = faults.get(rule);
    if (excused.has(rule) || (expected === undefined && result !== undefined && GOOD.has(result))) continue;
    const { title, severity } = benchmark.rules.get(rule) ?? { title: rule, severity: 'unknown' };
    found.push({ rule, title, severity, result, why: whyItCounts(result, expected) });
  }
  return found;
}

function whyItCounts(result: RuleResult | undefined, expected: RuleResult | undefined): string {
  if (result === undefined || result === 'notselected') return 'the scan has no result for it';
  if (expected !== undefined) return `the tailoring lists it as a fault of the content with '${expected}'`;
  return NOT_JUDGED.has(result) ? 'it was not judged, and the tailoring gives no reason' : 'it failed';
}

function scannedIn({ rechecked, wholeFrom }: Evidence): CisScore['scannedIn'] {
  if (wholeFrom === 'vm') return 'vm';
  return rechecked.size > 0 ? 'container-and-vm' : 'container';
}

/** One line for the report's top. */
export function howItWasMade({ rechecked, wholeFrom }: Pick<Evidence, 'rechecked' | 'wholeFrom'>): string {
  const rules = [...rechecked].sort().join(', ');
  if (wholeFrom === 'vm') {
    const whole = 'Scanned in the booted virtual machine';
    if (rechecked.size === 0) return `${whole}.`;
    return `${whole}; these ${rechecked.size} rules had not passed and were asked once more, whose second answer counts: ${rules}.`;
  }
  const container = 'Scanned in a container, not in the booted virtual machine';
  if (rechecked.size === 0) return `${container}; no rule was asked again there.`;
  return `${container}; these ${rechecked.size} rules were asked again in the virtual machine, whose answer counts: ${rules}.`;
}

/** The score as a line of the evidence. A container alone has not judged the machine. */
export function cisCheck(score: CisScore, at: string): CheckResult {
  const { tailored, untailored, findings: found } = score;
  const figures = `tailored ${tailored.ratio} %, untailored ${untailored.ratio} % (${untailored.strictRatio} % with faults of the content), ${score.tailoredOut.length} rules tailored out`;
  const faults = found.map(({ rule, result = 'no result', why }) => `${rule}: ${result}, ${why}`);
  if (untailored.ratio < LEAST_UNTAILORED)
    faults.unshift(`the untailored profile has to reach ${LEAST_UNTAILORED} %`);
  const judged = score.scannedIn !== 'container';
  if (!judged) faults.unshift('the rules that a container cannot judge wait for the virtual machine');
  return {
    id: 'cis',
    status: judged ? (faults.length === 0 ? 'passed' : 'failed') : 'not-run',
    detail: [figures, ...faults].join('; '),
    at,
  };
}
