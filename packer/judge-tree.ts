import type { Facts } from '../appliance/index.ts';
import {
  type Audit,
  type CheckResult,
  checkSbom,
  type DocumentName,
  type MachineEvidence,
} from '../sbom/index.ts';
import type { Work } from './command.ts';
import { Failure } from './failure.ts';
import { type HygieneRule, hygieneFaults } from './hygiene.ts';
import type { Scans } from './scan-image.ts';

/** A sealed root tree with its SBOM in it. */
export interface TreeToJudge {
  readonly tree: string;
  readonly facts: Facts;
  /** The file of the build host that the SBOM in the tree has to be. */
  readonly sbom: { readonly file: string; readonly text: string };
  readonly hygiene: readonly HygieneRule[];
}

/** Who looks: each takes minutes, and the audit a machine of the caller's choice. */
export interface Judges {
  audit(): Promise<MachineEvidence & { readonly cis: Omit<Audit, 'result'> }>;
  scan(): Promise<Scans>;
}

/** What all checks of a sealed tree came to. */
export interface Judgement {
  /** Passed or not run: a failed one throws. */
  readonly checks: readonly CheckResult[];
  readonly documents: Readonly<Partial<Record<DocumentName, string>>>;
  /** What CIS content for another system says of this one. */
  readonly foreign: string | undefined;
  /** Reports that come into the image. */
  readonly reports: readonly string[];
  /** Why what was scanned like this is a rehearsal. */
  readonly rehearsal: readonly string[];
}

/** Holds a sealed tree against everything that an image has to pass. Throws Failure with what it fails in. */
export async function judgeTree(
  { tree, facts, sbom, hygiene }: TreeToJudge,
  judges: Judges,
  { log }: Work,
): Promise<Judgement> {
  await log.step('check what is on the disk', async () => refuseLeftovers(tree, hygiene));
  const sbomCheck = await log.step('check the SBOM', () => checkSbom(tree, facts, sbom.text));
  demand(sbomCheck, 'what runs on the machine comes in a package, in the payload, or in the files of a role');
  const { cis, ...told } = await log.step('audit', () => judges.audit());
  const scans = await judges.scan();
  const checks = [sbomCheck, cis.check, ...told.checks, ...scans.checks];
  for (const check of checks) {
    if (check.status === 'failed')
      demand(check, 'docs/publisher/evidence.md says what it asks for, and where that is set');
  }
  return {
    checks,
    documents: {
      ...scans.documents,
      ...told.documents,
      sbom: sbom.file,
      cisReport: cis.html,
      cisArf: cis.arf,
      cisScore: cis.score,
    },
    foreign: cis.rehearsal,
    reports: [cis.html, cis.score],
    rehearsal: scans.rehearsal,
  };
}

/** Throws Failure for a check that has not passed. */
export function demand({ id, status, detail }: CheckResult, remedy: string): void {
  if (status === 'passed') return;
  throw new Failure(
    `the check '${id}' has ${status === 'failed' ? 'failed' : 'not run'}:\n${detail}`,
    remedy,
  );
}

function refuseLeftovers(tree: string, rules: readonly HygieneRule[]): void {
  const faults = hygieneFaults(tree, rules);
  if (faults.length === 0) return;
  throw new Failure(
    `the disk carries what no image may carry:\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
    'have the role generalise remove it, or whoever wrote it not write it',
  );
}
