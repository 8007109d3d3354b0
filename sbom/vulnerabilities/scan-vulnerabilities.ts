import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installedPackages, sha256 } from '../../packer/index.ts';
import type { CheckResult } from '../check-result.ts';
import type { CveReport } from './cve-report.ts';
import { ensureDatabase, readDatabase } from './database.ts';
import { findingsOf, type NamedPackage, notSpokenOf, unknownKinds } from './findings.ts';
import { CVE_CHECK, cveResult } from './judge.ts';
import { NotRun, resultOf } from './not-run.ts';
import { packagedArchives } from './packaged-archives.ts';
import type { Policy } from './policy.ts';
import {
  canariesOf,
  NODE_KIND,
  packagesOf,
  readSbom,
  type Sbom,
  type ScannedPackage,
  systemOf,
  trivyDocument,
} from './sbom-for-trivy.ts';
import type { Trivy } from './trivy.ts';
import { readTrivyReport, type TrivyReport } from './trivy-report.ts';
import { runTrivy } from './trivy-run.ts';
import { vexDocument } from './vex.ts';

export interface VulnerabilityScan {
  /** The root file system as it ships. */
  readonly tree: string;
  /** The text of the image's SBOM. */
  readonly sbom: string;
  readonly trivy: Trivy;
  readonly policy: Policy;
  /** Trivy's cache directory with the database; unset: TRIVY_CACHE_DIR, or our own, renewed when it is old. */
  readonly databases?: string;
  readonly now?: Date;
  readonly signal?: AbortSignal;
}

/** What the gate came to; report and VEX exist only when both scans ran to their end. */
export interface VulnerabilityOutcome {
  readonly result: CheckResult;
  readonly report?: CveReport;
  readonly vex?: string;
}

const SCAN_MS = 20 * 60_000;

/**
 * The CVE gate: the root file system and the SBOM against Trivy's database, judged by the policy. A database that is
 * missing, old, or knows nothing of these packages, a scanner that fails, and a report that leaves packages out are
 * all `not-run`.
 */
export async function scanVulnerabilities(scan: VulnerabilityScan): Promise<VulnerabilityOutcome> {
  return resultOf(CVE_CHECK, () => gate(scan));
}

async function gate(scan: VulnerabilityScan): Promise<VulnerabilityOutcome> {
  const { tree, policy, trivy, signal, now = new Date() } = scan;
  const maxAge = policy.vulnerabilities.databaseMaxAgeDays;
  const databases = scan.databases ?? (await ensureDatabase(trivy, maxAge, { signal }));
  const database = await readDatabase(databases, maxAge, now);
  const sbom = readSbom(scan.sbom);
  const packages = packagesOf(sbom);
  const installed = installedIn(tree);
  expectSameImage(packages, installed);
  const run = { trivy, databases, ...(signal === undefined ? {} : { signal }) };

  const canaries = canariesOf(packages);
  const unjudged = unknownKinds(await scanSbom(sbom, canaries, run), canaries);
  refuseUnjudged(unjudged, database.rehearsal);
  const ofSbom = await scanSbom(sbom, packages, run);
  expectComplete('the scan of the SBOM', ofSbom, packages);
  const ofRoot = await scanRoot(tree, run);
  expectComplete('the scan of the root file system', ofRoot, installed);

  const report: CveReport = {
    format: 1,
    at: now.toISOString(),
    subject: { sbomSha256: sha256(scan.sbom), system: systemName(sbom), packages: packages.length },
    scanner: { version: trivy.version, sha256: trivy.sha256, origin: trivy.origin },
    database,
    unjudged,
    findings: findingsOf({ root: ofRoot, sbom: ofSbom }),
  };
  return { result: cveResult(report, policy, now), report, vex: vexDocument(report, sbom, policy) };
}

/** Older Trivys have no list for the Node runtime. That may be so in a rehearsal, which says it, and nowhere else. */
function refuseUnjudged(kinds: readonly string[], rehearsal: boolean): void {
  const others = kinds.filter((kind) => kind !== NODE_KIND);
  if (others.length > 0) {
    throw new NotRun(`the vulnerability database knows no advisory for ${others.join(', ')} packages`);
  }
  if (kinds.length > 0 && !rehearsal) {
    throw new NotRun(
      'this Trivy or its database has no advisories for the Node runtime: put a current Trivy into PATH',
    );
  }
}

interface Run {
  readonly trivy: Trivy;
  readonly databases: string;
  readonly signal?: AbortSignal;
}

const OFFLINE = ['--skip-db-update', '--skip-java-db-update', '--list-all-pkgs'];

async function scanRoot(tree: string, { trivy, databases, signal }: Run): Promise<TrivyReport> {
  const skipped = packagedArchives(tree).flatMap((path) => ['--skip-files', `**${path}`]);
  const args = ['rootfs', '--scanners', 'vuln', ...OFFLINE, ...skipped, tree];
  return readTrivyReport(await runTrivy(trivy, { args, databases, timeoutMs: SCAN_MS }, signal));
}

async function scanSbom(
  sbom: Sbom,
  packages: readonly ScannedPackage[],
  { trivy, databases, signal }: Run,
): Promise<TrivyReport> {
  const directory = await mkdtemp(join(tmpdir(), 'sbom-'));
  try {
    const file = `${directory}/sbom.json`;
    await writeFile(file, trivyDocument(sbom, packages));
    const args = ['sbom', ...OFFLINE, file];
    return readTrivyReport(await runTrivy(trivy, { args, databases, timeoutMs: SCAN_MS }, signal));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function systemName(sbom: Sbom): string {
  const { name, version } = systemOf(sbom);
  return `${name} ${version}`;
}

function installedIn(tree: string): NamedPackage[] {
  const release = readFileSync(`${tree}/usr/lib/os-release`, 'utf8');
  const kind = /^ID="?([^"\n]+)/m.exec(release)?.[1] ?? 'unknown';
  return installedPackages(tree).map(({ name, version }) => ({ kind, name, version }));
}

const MOST_NAMES = 5;

function expectComplete(scan: string, report: TrivyReport, packages: readonly NamedPackage[]): void {
  const missing = notSpokenOf(report, packages);
  if (missing.length === 0) return;
  throw new NotRun(
    `${scan} does not speak of ${missing.length} of ${packages.length} packages (${some(missing)}): it is empty or of another image`,
  );
}

function expectSameImage(ofSbom: readonly NamedPackage[], installed: readonly NamedPackage[]): void {
  const listed = new Set(ofSbom.map(({ kind, name, version }) => `${kind} ${name} ${version}`));
  const missing = installed.filter(({ kind, name, version }) => !listed.has(`${kind} ${name} ${version}`));
  if (missing.length === 0) return;
  throw new NotRun(`the SBOM is of another image: it lacks ${missing.length} packages (${some(missing)})`);
}

function some(packages: readonly NamedPackage[]): string {
  const named = packages.slice(0, MOST_NAMES).map(({ name, version }) => `${name} ${version}`);
  return named.join(', ');
}
