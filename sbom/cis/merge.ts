import { readFileSync, writeFileSync } from 'node:fs';
import { Failure } from '../../packer/index.ts';
import { readArf } from './scap-document.ts';
import type { Origin } from './score.ts';
import { defaultScore } from './scoring.ts';
import { type RuleOutcome, type RuleResult, ruleId, type TestResult } from './xccdf.ts';

/**
 * Those of `rules` that have not passed. Where a processor is emulated, the scanner's question to systemd can outlast its
 * patience: before they count against the machine, it is asked once more.
 */
export function notPassed(outcomes: ReadonlyMap<string, RuleOutcome>, rules: Iterable<string>): string[] {
  return [...rules]
    .filter((rule) => ['fail', 'error', 'unknown'].includes(outcomes.get(rule)?.result ?? 'unknown'))
    .sort();
}

/** The outcomes of `whole`, with those of the rules that were asked again taken from `again`. Throws Failure when one of them has no answer. */
export function mergeOutcomes(
  whole: TestResult,
  again: TestResult,
  rules: readonly string[],
): ReadonlyMap<string, RuleOutcome> {
  const merged = new Map(whole.outcomes);
  for (const rule of rules) {
    const outcome = again.outcomes.get(rule);
    if (outcome === undefined || outcome.result === 'notselected')
      throw new Failure(`the virtual machine gave no result for ${rule}`, 'see the log of the second scan');
    merged.set(rule, outcome);
  }
  return merged;
}

/** Where the results come from that are merged. */
export interface MergedFrom {
  /** For the report's first line. */
  readonly how: string;
  readonly wholeFrom: Origin;
}

/**
 * Writes an ARF whose results are the merged ones, so that report and score say the same. A changed result carries a
 * message with the first one. (XCCDF has `override` for this, but OpenSCAP's report calls that a waived rule.) What was
 * written is read back and compared.
 */
export async function writeMergedArf(
  from: string,
  to: string,
  merged: ReadonlyMap<string, RuleOutcome>,
  origin: MergedFrom,
): Promise<void> {
  const { benchmark, testResult } = await readArf(from);
  const changed = new Map(
    [...merged].filter(([rule, { result }]) => testResult.outcomes.get(rule)?.result !== result),
  );
  const score = defaultScore(benchmark.items, merged);
  writeFileSync(to, rewritten(readFileSync(from, 'utf8'), changed, score, origin));
  const { testResult: written } = await readArf(to);
  const wrong = [...merged].filter(([rule, { result }]) => written.outcomes.get(rule)?.result !== result);
  if (wrong.length > 0 || Math.abs(written.score - score) > 0.001)
    throw new Failure(`${from} is not written as this program knows it`, 'see which scanner made it');
}

function rewritten(
  arf: string,
  changed: ReadonlyMap<string, RuleOutcome>,
  score: number,
  { how, wholeFrom }: MergedFrom,
): string {
  const [rules, scoreOf, title] = [
    /(<rule-result idref="([^"]+)"[^>]*>\s*)<result>([a-z]+)<\/result>/g,
    /(<score system="urn:xccdf:scoring:default"[^>]*>)[^<]*/,
    '<title>OSCAP Scan Result</title>',
  ];
  const byId = new Map([...changed].map(([rule, { result }]) => [ruleId(rule), result]));
  const said = how.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return arf
    .replace(rules, (whole: string, head: string, id: string, before: string) => {
      const result = byId.get(id);
      return result === undefined ? whole : `${head}${replaced(before, result, wholeFrom)}`;
    })
    .replace(scoreOf, (_, head: string) => `${head}${score.toFixed(6)}`)
    .replace(title, () => `<title>OSCAP Scan Result. ${said}</title>`);
}

function replaced(before: string, result: RuleResult, wholeFrom: Origin): string {
  const first = wholeFrom === 'vm' ? 'it' : 'the container';
  const message = `Asked again in the virtual machine; at first ${first} had said '${before}'.`;
  return `<result>${result}</result><message severity="info">${message}</message>`;
}
