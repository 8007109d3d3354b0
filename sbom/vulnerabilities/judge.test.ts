import { expect, test } from 'vitest';
import { schemaFaults } from '../bom/schema.ts';
import type { CveReport, Finding } from './cve-report.ts';
import { findingsTable } from './findings-table.ts';
import { cveResult, judge, rejudgeCveReport } from './judge.ts';
import { type Exception, type Policy, readPolicy } from './policy.ts';
import type { Sbom } from './sbom-for-trivy.ts';
import { vexDocument } from './vex.ts';

const NOW = new Date('2026-11-26T12:00:00Z');
const SBOM = 'a'.repeat(64);

const finding: Finding = {
  id: 'CVE-2026-0001',
  package: 'libssl3t64',
  source: 'openssl',
  installed: '3.5.1-1',
  fixed: '3.5.2-1',
  severity: 'HIGH',
  seenIn: ['root', 'sbom'],
};
const { fixed: _, ...unfixed } = { ...finding, id: 'CVE-2026-0002' };

const exception: Exception = {
  id: finding.id,
  package: 'openssl',
  state: 'not_affected',
  justification: 'code_not_reachable',
  reason: 'Nothing in the image calls it.',
  expires: '2026-11-26',
};

const { justification: __, ...judged } = exception;
const mended: Exception = { ...judged, id: 'CVE-2026-0005', state: 'exploitable', response: 'update' };

function report(findings: readonly Finding[], given: Partial<CveReport> = {}): CveReport {
  return {
    format: 1,
    at: NOW.toISOString(),
    subject: { sbomSha256: SBOM, system: 'debian 13', packages: 400 },
    scanner: { version: '0.74.0', sha256: 'b'.repeat(64), origin: 'PATH' },
    database: { updatedAt: '2026-11-26T06:00:00Z', sha256: 'c'.repeat(64), rehearsal: false },
    unjudged: [],
    findings,
    ...given,
  };
}

function policyWith(...exceptions: Exception[]): Policy {
  const policy = readPolicy();
  return { ...policy, vulnerabilities: { ...policy.vulnerabilities, exceptions } };
}

test.each([
  ['nothing', [], 'passed'],
  ['a fixed HIGH', [finding], 'failed'],
  ['a fixed CRITICAL', [{ ...finding, severity: 'CRITICAL' }], 'failed'],
  ['a fixed MEDIUM', [{ ...finding, severity: 'MEDIUM' }], 'passed'],
  ['an unfixed HIGH', [unfixed], 'passed'],
] as const)('%s found: %s', (_name, findings, status) => {
  expect(cveResult(report(findings), policyWith(), NOW).status).toBe(status);
});

test('an exception covers its id in packages of its source, to the end of its last day', () => {
  const { failing, excepted } = judge(report([finding]), policyWith(exception), NOW);
  expect(failing).toEqual([]);
  expect(excepted).toEqual([{ finding, exception }]);
});

test('an exception whose last day is over fails, and is named', () => {
  const tomorrow = new Date('2026-11-27T00:00:00Z');
  const result = cveResult(report([finding]), policyWith(exception), tomorrow);
  expect(result.status).toBe('failed');
  expect(result.detail).toContain('the exception for CVE-2026-0001 in openssl ended on 2026-11-26');
});

test.each([
  ['another id', { ...exception, id: 'CVE-2026-9999' }],
  ['another package', { ...exception, package: 'nginx' }],
])('an exception for %s covers nothing', (_name, other) => {
  expect(judge(report([finding]), policyWith(other), NOW).failing).toEqual([finding]);
});

test('the table says what becomes of each finding', () => {
  const low: Finding = { ...finding, id: 'CVE-2026-0003', severity: 'LOW' };
  const other: Finding = { ...finding, id: 'CVE-2026-0004' };
  const [, ...rows] = findingsTable(report([finding, unfixed, low, other]), policyWith(exception));
  expect(rows.map((row) => `${row[0]}: ${row.at(-1)}`)).toEqual([
    'CVE-2026-0001: excepted until 2026-11-26: Nothing in the image calls it.',
    'CVE-2026-0002: reported: there is no fix',
    'CVE-2026-0003: reported',
    'CVE-2026-0004: fails the gate',
  ]);
});

const rejudge = (text: string, policy = policyWith()) =>
  rejudgeCveReport(text, { sbomSha256: SBOM, policy, now: NOW });

test('a report beside an image is judged anew, by the policy of now', async () => {
  expect((await rejudge(JSON.stringify(report([])))).status).toBe('passed');
  expect((await rejudge(JSON.stringify(report([finding])))).status).toBe('failed');
  expect((await rejudge(JSON.stringify(report([finding])), policyWith(exception))).status).toBe('passed');
});

test.each([
  [
    'of another image',
    report([], { subject: { ...report([]).subject, sbomSha256: 'd'.repeat(64) } }),
    'failed',
  ],
  [
    'made with an old database',
    report([], { database: { ...report([]).database, updatedAt: '2026-11-01T06:00:00Z' } }),
    'not-run',
  ],
  ['in which a kind of package was not looked up', report([], { unjudged: ['bitnami'] }), 'not-run'],
  ['without findings', { ...report([]), findings: undefined }, 'not-run'],
  ['of an unknown severity', report([{ ...finding, severity: 'BAD' as 'HIGH' }]), 'not-run'],
  ['that is empty', {}, 'not-run'],
])('a report %s is no pass', async (_name, found, status) => {
  expect((await rejudge(JSON.stringify(found))).status).toBe(status);
});

test.each(['', 'rubbish', 'null'])('the text %j is no report, and no pass', async (text) => {
  expect((await rejudge(text)).status).toBe('not-run');
});

test('exceptions in force become VEX that names the components of the SBOM, the same each time', () => {
  const sbom = {
    serialNumber: 'urn:uuid:11111111-2222-8333-a444-555555555555',
    version: 1,
    components: [
      {
        'bom-ref': 'pkg:deb/debian/libssl3t64@3.5.1-1',
        type: 'library',
        name: 'libssl3t64',
        version: '3.5.1-1',
      },
    ],
  };
  const text = vexDocument(report([finding, unfixed]), sbom, policyWith(exception));
  expect(JSON.parse(text)).toEqual({
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: expect.stringMatching(
      /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/,
    ),
    version: 1,
    metadata: { timestamp: NOW.toISOString() },
    vulnerabilities: [
      {
        id: 'CVE-2026-0001',
        ratings: [{ severity: 'high' }],
        analysis: {
          state: 'not_affected',
          justification: 'code_not_reachable',
          detail: 'Nothing in the image calls it. (until 2026-11-26)',
        },
        affects: [
          {
            ref: 'urn:cdx:11111111-2222-8333-a444-555555555555/1#pkg%3Adeb%2Fdebian%2Flibssl3t64%403.5.1-1',
          },
        ],
      },
    ],
  });
  expect(vexDocument(report([finding, unfixed]), sbom, policyWith(exception))).toBe(text);
});

test.each<[string, readonly Finding[], readonly Exception[], object]>([
  ['without exceptions', [finding], [], {}],
  ['with one', [finding], [exception], {}],
  [
    'with one in two packages, another of a vulnerability that is being mended, and a source',
    [
      { ...finding, url: 'https://avd.aquasec.com/nvd/cve-2026-0001' },
      { ...finding, package: 'openssl' },
      { ...finding, package: 'openssl', installed: '3.0.1-1' },
      { ...finding, id: 'CVE-2026-0005', severity: 'CRITICAL' },
    ],
    [exception, mended],
    {},
  ],
  ['about an SBOM without a serial number', [finding], [exception], { serialNumber: undefined }],
])('VEX %s is valid by the schema of CycloneDX', async (_name, findings, exceptions, changes) => {
  const component = {
    'bom-ref': 'pkg:deb/debian/libssl3t64@3.5.1-1',
    purl: 'pkg:deb/debian/libssl3t64@3.5.1-1',
    type: 'library',
    name: 'libssl3t64',
    version: '3.5.1-1',
  };
  const serialNumber = 'urn:uuid:11111111-2222-8333-a444-555555555555';
  const sbom = { serialNumber, version: 1, components: [component], ...changes } as Sbom;
  const text = vexDocument(report(findings), sbom, policyWith(...exceptions));
  expect(JSON.parse(text).vulnerabilities).toHaveLength(exceptions.length);
  expect(await schemaFaults(text)).toEqual([]);
});

test('the schema finds a VEX document that says what CycloneDX has no word for', async () => {
  const unheard = { ...exception, state: 'harmless' as Exception['state'] };
  const text = vexDocument(report([finding]), { components: [] } as unknown as Sbom, policyWith(unheard));
  expect((await schemaFaults(text)).join()).toContain('/vulnerabilities/0/analysis/state');
});
