import type { CheckResult } from '../check-result.ts';
import type { CveReport, Finding } from './cve-report.ts';
import { readCveReport } from './cve-report.ts';
import { ageFault } from './database.ts';
import { resultOf } from './not-run.ts';
import type { Exception, Policy } from './policy.ts';

export const CVE_CHECK = 'cve';

/** The findings of a report, sorted by what the policy makes of them. */
export interface Judgement {
  /** Fixed, severe, and not excepted: these fail the gate. */
  readonly failing: readonly Finding[];
  /** Those that an exception in force covers. */
  readonly excepted: readonly { readonly finding: Finding; readonly exception: Exception }[];
  /** Severe, but nobody has a fix. */
  readonly unfixed: readonly Finding[];
  /** Exceptions whose last day is over though there is still something that they would cover. */
  readonly expired: readonly Exception[];
}

/** What the policy makes of a report at a time. */
export function judge({ findings }: CveReport, { vulnerabilities }: Policy, at: Date): Judgement {
  const day = at.toISOString().slice(0, 10);
  const severe = findings.filter(({ severity }) => vulnerabilities.fail.includes(severity));
  const covering = (finding: Finding) => vulnerabilities.exceptions.filter((one) => covers(one, finding));
  const inForce = (finding: Finding) => covering(finding).find(({ expires }) => expires >= day);
  return {
    failing: severe.filter((finding) => finding.fixed !== undefined && inForce(finding) === undefined),
    excepted: severe.flatMap((finding) => {
      const exception = inForce(finding);
      return exception === undefined ? [] : [{ finding, exception }];
    }),
    unfixed: severe.filter(({ fixed }) => fixed === undefined),
    expired: [...new Set(severe.flatMap(covering).filter(({ expires }) => expires < day))],
  };
}

/** An exception for a source package covers all that was built from it. */
function covers(exception: Exception, { id, package: name, source }: Finding): boolean {
  return exception.id === id && (exception.package === name || exception.package === source);
}

const MOST_LINES = 20;

/** The result of the gate. */
export function cveResult(report: CveReport, policy: Policy, at: Date): CheckResult {
  const { failing, excepted, unfixed, expired } = judge(report, policy, at);
  const severities = policy.vulnerabilities.fail.join(' or ');
  const summary = [
    `${report.subject.packages} packages, database of ${report.database.updatedAt.slice(0, 10)}`,
    report.database.rehearsal ? ' (a rehearsal: it knows nothing of the world)' : '',
    report.unjudged.length === 0 ? '' : `; not looked up: ${report.unjudged.join(', ')}`,
    `; ${failing.length} ${severities} with a fix, ${unfixed.length} without, ${excepted.length} excepted`,
  ].join('');
  const lines = [
    ...expired.map(
      ({ id, package: name, expires }) => `the exception for ${id} in ${name} ended on ${expires}`,
    ),
    ...failing.map(
      (found) =>
        `${found.id} ${found.severity}: ${found.package} ${found.installed}, fixed in ${found.fixed}`,
    ),
  ];
  const told = lines.slice(0, MOST_LINES);
  if (lines.length > told.length) told.push(`and ${lines.length - told.length} more in cve.json`);
  return {
    id: CVE_CHECK,
    status: failing.length === 0 ? 'passed' : 'failed',
    detail: [summary, ...told].join('\n'),
    at: at.toISOString(),
  };
}

/**
 * The verdict of a report that lies beside an image, made anew: by the policy as it is now, and only for the image
 * whose SBOM has this digest.
 */
export async function rejudgeCveReport(
  text: string,
  { sbomSha256, policy, now = new Date() }: { sbomSha256: string; policy: Policy; now?: Date },
): Promise<CheckResult> {
  const { result } = await resultOf(CVE_CHECK, async () => {
    const report = readCveReport(text);
    const refused = refusal(report, sbomSha256, policy);
    if (refused === undefined) return { result: cveResult(report, policy, now) };
    return { result: { id: CVE_CHECK, ...refused, at: now.toISOString() } };
  });
  return result;
}

function refusal(
  { subject, database, unjudged, at }: CveReport,
  sbomSha256: string,
  policy: Policy,
): Pick<CheckResult, 'status' | 'detail'> | undefined {
  if (subject.sbomSha256 !== sbomSha256) {
    return {
      status: 'failed',
      detail: `the CVE report is of another image: its SBOM is ${subject.sbomSha256}`,
    };
  }
  const age = ageFault(new Date(database.updatedAt), policy.vulnerabilities.databaseMaxAgeDays, new Date(at));
  if (unjudged.length > 0 && !database.rehearsal) {
    return { status: 'not-run', detail: `the scanner had no advisories for ${unjudged.join(', ')} packages` };
  }
  return age === undefined
    ? undefined
    : { status: 'not-run', detail: `at the scan the vulnerability database ${age}` };
}
