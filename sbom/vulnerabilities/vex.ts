import { sha256 } from '../../packer/index.ts';
import type { CveReport, Finding } from './cve-report.ts';
import { judge } from './judge.ts';
import type { Exception, Policy } from './policy.ts';
import type { Sbom } from './sbom-for-trivy.ts';

/**
 * The exceptions in force as a CycloneDX VEX document, which speaks of components of the SBOM by BOM-Link. CycloneDX and
 * not OpenVEX: the SBOM is CycloneDX, so one schema checks both and one tool reads both.
 */
export function vexDocument(report: CveReport, sbom: Sbom, policy: Policy): string {
  const { excepted } = judge(report, policy, new Date(report.at));
  const byException = Map.groupBy(excepted, ({ exception }) => exception);
  const vulnerabilities = [...byException].map(([exception, covered]) =>
    statement(
      exception,
      covered.map(({ finding }) => finding),
      sbom,
    ),
  );
  const body = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { timestamp: report.at },
    vulnerabilities,
  };
  return `${JSON.stringify({ ...body, serialNumber: serialNumber(JSON.stringify(body)) }, undefined, 2)}\n`;
}

function statement(exception: Exception, findings: readonly Finding[], sbom: Sbom): object {
  const { id, state, justification, response, reason, expires } = exception;
  const [first] = findings;
  return {
    id,
    ...(first?.url === undefined ? {} : { source: { url: first.url } }),
    ratings: [{ severity: first?.severity.toLowerCase() }],
    analysis: {
      state,
      ...(justification === undefined ? {} : { justification }),
      ...(response === undefined ? {} : { response: [response] }),
      detail: `${reason} (until ${expires})`,
    },
    // Each once: packages that the SBOM does not know may share the name that stands in for a reference.
    affects: [...new Set(findings.map((finding) => referenceTo(finding, sbom)))].map((ref) => ({ ref })),
  };
}

/** A component by BOM-Link where the SBOM has a serial number, else by its purl or its name. */
function referenceTo(finding: Finding, { serialNumber, version = 1, components }: Sbom): string {
  const component = components.find(
    ({ group, name, version: installed }) =>
      installed === finding.installed && [name, `${group}/${name}`].includes(finding.package),
  );
  const ref = component?.['bom-ref'];
  if (ref === undefined || serialNumber === undefined) return component?.purl ?? finding.package;
  return `urn:cdx:${serialNumber.replace('urn:uuid:', '')}/${version}#${encodeURIComponent(ref)}`;
}

/** A UUID made from the content (version 8), so that the same exceptions give the same document. */
function serialNumber(text: string): string {
  const hex = sha256(text);
  const groups = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`];
  return `urn:uuid:${[...groups, hex.slice(20, 32)].join('-')}`;
}
