/** What is not a pass, whatever the scanner was: a real one runs in tests/integration/cve-gate.test.ts. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeFakeScanner } from '../../tests/harness/fake-scanner.ts';
import { SMALL_PACKAGES, smallSbom, writeSmallTree } from '../../tests/harness/scanned-tree.ts';
import { writeTrivyDatabase } from '../../tests/harness/trivy-database.ts';
import { readPolicy } from './policy.ts';
import { scanVulnerabilities } from './scan-vulnerabilities.ts';
import type { TrivyReport, TrivyResult } from './trivy-report.ts';

const DAY_MS = 86_400_000;

let scratch: string;

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'gate-'));
  writeSmallTree(`${scratch}/tree`);
  writeTrivyDatabase(`${scratch}/databases`, []);
});
afterEach(() => rmSync(scratch, { recursive: true }));

async function gate(script: string, sbom = smallSbom()) {
  const path = writeFakeScanner(`${scratch}/trivy`, script);
  return scanVulnerabilities({
    tree: `${scratch}/tree`,
    sbom,
    trivy: { path, version: '1', sha256: '0'.repeat(64), origin: 'PATH' },
    policy: readPolicy(),
    databases: `${scratch}/databases`,
  });
}

/** A scanner that writes this, whatever it is asked. */
function writing(text: string): string {
  writeFileSync(`${scratch}/answer`, text);
  return `cp ${scratch}/answer "$report"`;
}

/** A report in the form of Trivy that knows something against each kind of package, and lists these. */
function reportOf(packages: readonly { name: string; version: string }[]): TrivyReport {
  const hit = { VulnerabilityID: 'CVE-1', PkgName: 'x', InstalledVersion: '0', Severity: 'LOW' } as const;
  const result = (Type: string, listed: readonly { name: string; version: string }[]): TrivyResult => ({
    Target: Type,
    Type,
    Packages: listed.map(({ name, version }) => ({ Name: name, Version: version })),
    Vulnerabilities: [hit],
  });
  const npm = [
    { name: 'fastify', version: '5.12.8' },
    { name: '@fastify/cookie', version: '11.1.5' },
  ];
  return {
    SchemaVersion: 2,
    ArtifactName: 'x',
    Results: [
      result('debian', packages),
      result('node-pkg', npm),
      result('bitnami', [{ name: 'node', version: '24.21.0' }]),
    ],
  };
}

test('a report in the known form that lists every package is judged', async () => {
  const { result } = await gate(writing(JSON.stringify(reportOf(SMALL_PACKAGES))));
  expect(result.status).toBe('passed');
});

test.each([
  ['crashes', () => 'kill -SEGV $$', 'Trivy was ended by SIGSEGV'],
  ['ends with an error', () => 'echo FATAL no space >&2; exit 1', 'Trivy ended with 1: FATAL no space'],
  ['writes nothing', () => 'exit 0', 'empty report'],
  ['writes rubbish', () => writing('Total: 0'), 'is not JSON'],
  ['writes another format', () => writing('{"matches":[]}'), 'not of the known form'],
  [
    'finds nothing at all',
    () => writing('{"SchemaVersion":2,"ArtifactName":"x","Results":null}'),
    'knows no advisory for debian, node-pkg packages',
  ],
  [
    'reports on another image',
    () => writing(JSON.stringify(reportOf([{ name: 'bash', version: '5.3-1' }]))),
    'does not speak of 4 of 7 packages (bash 5.2.37-2+b5',
  ],
])('a scanner that %s is not-run', async (_name, script, why) => {
  const { result, report, vex } = await gate(script());
  expect(result.status).toBe('not-run');
  expect(result.detail).toContain(why);
  expect([report, vex]).toEqual([undefined, undefined]);
});

test('the scanner sees nothing of the settings of whoever builds', async () => {
  process.env.TRIVY_SEVERITY = 'LOW';
  try {
    const answer = writing(JSON.stringify(reportOf(SMALL_PACKAGES)));
    const { result } = await gate(`[ -z "$TRIVY_SEVERITY" ] && [ "$(ls)" = cache ] || exit 9\n${answer}`);
    expect(result.status).toBe('passed');
  } finally {
    delete process.env.TRIVY_SEVERITY;
  }
});

test('an SBOM of another image is not-run', async () => {
  const { result } = await gate('exit 0', smallSbom(SMALL_PACKAGES.slice(1)));
  expect(result).toMatchObject({ status: 'not-run' });
  expect(result.detail).toContain('the SBOM is of another image: it lacks 1 packages (bash');
});

test.each([
  ['none', () => rmSync(`${scratch}/databases`, { recursive: true }), 'no vulnerability database'],
  [
    'an old one',
    () => writeTrivyDatabase(`${scratch}/databases`, [], { updatedAt: new Date(Date.now() - 9 * DAY_MS) }),
    'is 9 days old, and 3 are allowed',
  ],
  [
    'one from the future',
    () => writeTrivyDatabase(`${scratch}/databases`, [], { updatedAt: new Date(Date.now() + 9 * DAY_MS) }),
    'a clock is wrong',
  ],
  [
    'one whose age is not told',
    () => writeFileSync(`${scratch}/databases/db/metadata.json`, '{}'),
    'metadata.json is not of the known form',
  ],
])('a database that is %s is not-run, and no scanner is asked', async (_name, spoil, why) => {
  spoil();
  const { result } = await gate(`touch ${scratch}/asked`);
  expect(result.status).toBe('not-run');
  expect(result.detail).toContain(why);
  expect(existsSync(`${scratch}/asked`)).toBe(false);
});
