import type { CheckResult } from '../check-result.ts';
import type { LynisReport } from './lynis-report.ts';

/** A little below what the hardened image reached in a container (75, on 2026-11-27), where Lynis sees less of it. */
const LEAST_INDEX = 70;

/** The result of a run of Lynis: its index counts, its suggestions are for people to read. */
export function lynisCheck(report: LynisReport, now: Date): CheckResult {
  const { version, hardeningIndex, tests, warnings, suggestions } = report;
  const named = warnings.map(({ test, text }) => `${test} (${text})`).join(', ');
  const counts = `${tests} tests, ${warnings.length} warnings, ${suggestions.length} suggestions`;
  return {
    id: 'lynis',
    status: hardeningIndex >= LEAST_INDEX ? 'passed' : 'failed',
    detail: [
      `hardening index ${hardeningIndex} (at least ${LEAST_INDEX}) by Lynis ${version}: ${counts}`,
      ...(named === '' ? [] : [`warnings: ${named}`]),
    ].join('; '),
    at: now.toISOString(),
  };
}
