/** What came of one check of an image. A check that could not run is never a passed one. */
export type CheckStatus = 'passed' | 'failed' | 'not-run';

/** One line of the evidence: what was checked, with what outcome, and why. */
export interface CheckResult {
  /** Short and stable, such as `cve`, `cis`, `sbom`, `secrets`; rows of the checklist use their own ids, such as `ACC-01`. */
  readonly id: string;
  readonly status: CheckStatus;
  /** For a person: what was found, or why the check did not run and what to do. */
  readonly detail: string;
  /** When it ended, ISO 8601, UTC. */
  readonly at: string;
}
