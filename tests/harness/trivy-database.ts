import { mkdirSync, writeFileSync } from 'node:fs';
import { type Bucket, boltFile } from './bolt-file.ts';

/** One advisory: what it is against, and how bad. */
export interface Advisory {
  /** Trivy's bucket: `debian 13`, or one of the ecosystems below. */
  readonly bucket: string;
  /** The source package of a Debian one, the name of another. */
  readonly package: string;
  readonly id: string;
  readonly severity: 'LOW' | 'MEDIUM' | 'HIGH' | 'CRITICAL';
  /** The fixed version of a Debian package; the range that is hit of another. Missing: there is no fix. */
  readonly fixed?: string;
}

export const NPM = 'npm::GitHub Security Advisory npm';

/**
 * The least that a database must know so that the gate takes it for one: something against each kind of package that
 * is in an image, at versions long gone.
 */
export const REHEARSAL_ADVISORIES: readonly Advisory[] = [
  { bucket: 'debian 13', package: 'bash', id: 'CVE-2014-6271', severity: 'CRITICAL', fixed: '4.3-9.1' },
  { bucket: 'ubuntu 24.04', package: 'bash', id: 'CVE-2014-6271', severity: 'CRITICAL', fixed: '4.3-9.1' },
  { bucket: NPM, package: 'fastify', id: 'CVE-2020-8192', severity: 'HIGH', fixed: '2.15.1' },
];

const SEVERITY = { LOW: 1, MEDIUM: 2, HIGH: 3, CRITICAL: 4 } as const;
const AFFECTED = 2;

/** Writes Trivy's cache directory with a database of these advisories, in the format of the real one (schema 2). */
export function writeTrivyDatabase(
  directory: string,
  advisories: readonly Advisory[],
  { updatedAt = new Date(), rehearsal = true }: { updatedAt?: Date; rehearsal?: boolean } = {},
): void {
  mkdirSync(`${directory}/db`, { recursive: true });
  writeFileSync(`${directory}/db/trivy.db`, boltFile(bucketsOf(advisories)));
  const metadata = {
    Version: 2,
    UpdatedAt: updatedAt.toISOString(),
    NextUpdate: updatedAt.toISOString(),
    DownloadedAt: updatedAt.toISOString(),
    ...(rehearsal ? { Rehearsal: true } : {}),
  };
  writeFileSync(`${directory}/db/metadata.json`, JSON.stringify(metadata));
}

function bucketsOf(advisories: readonly Advisory[]): Bucket {
  const buckets: Record<string, Record<string, Record<string, string>>> = {};
  for (const advisory of advisories) {
    buckets[advisory.bucket] ??= {};
    const packages = buckets[advisory.bucket] as Record<string, Record<string, string>>;
    packages[advisory.package] ??= {};
    (packages[advisory.package] as Record<string, string>)[advisory.id] = JSON.stringify(entry(advisory));
  }
  const sources = Object.keys(buckets).map((bucket) => [
    bucket,
    JSON.stringify({ ID: 'test', Name: bucket }),
  ]);
  const details = advisories.map(({ id, severity }) => [
    id,
    JSON.stringify({
      Title: `Planted ${id}`,
      Severity: severity,
      VendorSeverity: { nvd: SEVERITY[severity] },
    }),
  ]);
  return {
    ...buckets,
    'data-source': Object.fromEntries(sources),
    vulnerability: Object.fromEntries(details),
  };
}

function entry({ bucket, fixed }: Advisory): object {
  if (!bucket.includes('::')) return fixed === undefined ? { Status: AFFECTED } : { FixedVersion: fixed };
  return fixed === undefined
    ? { VulnerableVersions: ['>=0'] }
    : { VulnerableVersions: [`<${fixed}`], PatchedVersions: [fixed] };
}
