import { writeFileSync } from 'node:fs';
import { PROFILE } from './catalogue.ts';
import type { Product } from './content.ts';
import { readArf } from './scap-document.ts';
import { countResults, ratio } from './scoring.ts';
import type { RuleResult } from './xccdf.ts';

/**
 * Writes what came of content that is for another system, from `rehearsal-arf.xml` to `rehearsal-<product>.json` of the
 * directory, whose path it returns: figures of their own, on which no check depends.
 */
export async function writeRehearsal(directory: string, product: Product): Promise<string> {
  const { benchmark, testResult } = await readArf(`${directory}/rehearsal-arf.xml`);
  const selected = benchmark.profiles.get(PROFILE) ?? new Set();
  const outcomes = [...testResult.outcomes].filter(([rule]) => selected.has(rule));
  const withResult = (wanted: RuleResult) =>
    outcomes.filter(([, { result }]) => result === wanted).map(([rule]) => rule);
  const results = countResults(outcomes.map(([, { result }]) => result));
  const rehearsal = {
    content: product,
    how: `Content for ${product} on a machine that is not: its one element that names the system was taken out.`,
    rules: selected.size,
    results,
    ratio: ratio(results.pass, results.fail + results.error + results.unknown),
    score: testResult.score,
    failed: withResult('fail'),
    errors: [...withResult('error'), ...withResult('unknown')],
  };
  const file = `${directory}/rehearsal-${product}.json`;
  writeFileSync(file, `${JSON.stringify(rehearsal, null, 1)}\n`);
  return file;
}
