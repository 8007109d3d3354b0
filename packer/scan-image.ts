import { mkdirSync, writeFileSync } from 'node:fs';
import {
  type CheckResult,
  type DocumentName,
  ensureClamav,
  ensureTrivy,
  readPolicy,
  scanMalware,
  scanTreeForSecrets,
  scanVulnerabilities,
} from '../sbom/index.ts';
import type { Work } from './command.ts';
import { Failure } from './failure.ts';

/** What the scanners came to: a result for each check, and the files that tell more. */
export interface Scans {
  readonly checks: readonly CheckResult[];
  readonly documents: Readonly<Partial<Record<DocumentName, string>>>;
  /** Why an image that was scanned like this is a rehearsal. */
  readonly rehearsal: readonly string[];
}

interface Scan {
  readonly result: CheckResult;
  /** What to keep of it; a scan that did not run has nothing to keep. */
  readonly files?: Readonly<Partial<Record<DocumentName, string | undefined>>>;
  /** What it looked things up in. */
  readonly knowledge?: Knowledge | undefined;
}

/** A vulnerability database or malware signatures. */
interface Knowledge {
  readonly rehearsal: boolean;
}

/** Why a scan makes its image a rehearsal: what a test has made knows nothing of the world, so finding nothing says nothing. */
export function rehearsedBy(id: string, knowledge: Knowledge | undefined): string[] {
  return knowledge?.rehearsal === true ? [`the scan '${id}' knew only what a rehearsal needs`] : [];
}

/** Looks for vulnerabilities, secrets and malware in a sealed root tree; writes what was found into `directory`. */
export async function scanImage(
  { tree, sbom, directory }: { tree: string; sbom: string; directory: string },
  { log, signal }: Work,
): Promise<Scans> {
  mkdirSync(directory);
  const policy = readPolicy();
  const scans: Readonly<Record<string, () => Promise<Scan>>> = {
    cve: async () => {
      const trivy = await ensureTrivy();
      const found = await scanVulnerabilities({ tree, sbom, trivy, policy, signal });
      const { result, report, vex } = { report: undefined, vex: undefined, ...found };
      return { result, files: { cve: report && asJson(report), vex }, knowledge: report?.database };
    },
    secrets: async () => {
      const trivy = await ensureTrivy();
      const found = await scanTreeForSecrets(tree, { trivy, allowed: policy.secrets.image, signal });
      return { result: found.result, files: { secretScan: asJson(found) } };
    },
    malware: async () => {
      const found = await scanMalware({ tree, clamav: await ensureClamav(), policy, signal });
      const files = { malware: `${found.result.detail}\n` };
      return { result: found.result, files, knowledge: found.signatures };
    },
  };
  const checks: CheckResult[] = [];
  const documents: Partial<Record<DocumentName, string>> = {};
  const rehearsal: string[] = [];
  for (const [id, scan] of Object.entries(scans)) {
    const outcome = await log.step(`scan: ${id}`, () => carriedOut(id, scan));
    const { result, files = {} } = outcome;
    log.note(`${id}: ${result.status}: ${result.detail.split('\n', 1)[0]}`);
    checks.push(result);
    rehearsal.push(...rehearsedBy(id, outcome.knowledge));
    for (const [name, content] of Object.entries(files)) {
      if (content === undefined) continue;
      documents[name as DocumentName] = `${directory}/${name}`;
      writeFileSync(`${directory}/${name}`, content);
    }
  }
  return { checks, documents, rehearsal };
}

/** A scanner that cannot be had is a check that has not run; whatever else goes wrong is a fault of the program. */
async function carriedOut(id: string, scan: () => Promise<Scan>): Promise<Scan> {
  try {
    return await scan();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const detail = `${error.message}; ${error.remedy}`;
    return { result: { id, status: 'not-run', detail, at: new Date().toISOString() } };
  }
}

function asJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
