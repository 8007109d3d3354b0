import type { CveReport, Finding } from './cve-report.ts';
import { judge } from './judge.ts';
import type { Policy } from './policy.ts';

const HEAD = ['vulnerability', 'severity', 'package', 'installed', 'fixed in', 'what becomes of it'] as const;

/** All findings of a report as rows of a table for people, the worst first, with what the policy makes of each. */
export function findingsTable(report: CveReport, policy: Policy): readonly (readonly string[])[] {
  const { failing, excepted } = judge(report, policy, new Date(report.at));
  const exceptions = new Map(excepted.map(({ finding, exception }) => [finding, exception]));
  const fate = (finding: Finding): string => {
    const exception = exceptions.get(finding);
    if (exception !== undefined) return `excepted until ${exception.expires}: ${exception.reason}`;
    if (failing.includes(finding)) return 'fails the gate';
    return finding.fixed === undefined ? 'reported: there is no fix' : 'reported';
  };
  return [
    HEAD,
    ...report.findings.map((one) => [
      one.id,
      one.severity,
      one.package,
      one.installed,
      one.fixed ?? '',
      fate(one),
    ]),
  ];
}
