import type { Finding } from './cve-report.ts';
import { SEVERITIES } from './policy.ts';
import type { ScannedPackage } from './sbom-for-trivy.ts';
import { resultsOf, type TrivyReport, type TrivyVulnerability, versionOf } from './trivy-report.ts';

/** A package by kind, name and version. */
export type NamedPackage = Pick<ScannedPackage, 'kind' | 'name' | 'version'>;

const keyOf = ({ kind, name, version }: NamedPackage): string => `${kind} ${name} ${version}`;

/** Those of `packages` that a report does not list, whatever it says of the others. */
export function notSpokenOf<T extends NamedPackage>(report: TrivyReport, packages: readonly T[]): T[] {
  const listed = new Set(
    resultsOf(report).flatMap(({ Type = '', Packages }) =>
      (Packages ?? []).map((found) => keyOf({ kind: Type, name: found.Name, version: versionOf(found) })),
    ),
  );
  return packages.filter((wanted) => !listed.has(keyOf(wanted)));
}

/** Kinds of packages against which the scan of the canaries found nothing. */
export function unknownKinds(report: TrivyReport, canaries: readonly ScannedPackage[]): string[] {
  const hit = new Set(
    resultsOf(report)
      .filter(({ Vulnerabilities }) => (Vulnerabilities ?? []).length > 0)
      .map(({ Type }) => Type),
  );
  return [...new Set(canaries.map(({ kind }) => kind))].filter((kind) => !hit.has(kind));
}

/** All vulnerabilities of both scans, each once, the worst first. */
export function findingsOf(reports: { readonly root: TrivyReport; readonly sbom: TrivyReport }): Finding[] {
  const found = [...seen('root', reports.root), ...seen('sbom', reports.sbom)];
  const same = Map.groupBy(found, (one) => `${one.id} ${one.package} ${one.installed}`);
  return [...same.values()]
    .map((group) => ({
      ...(group[0] as Finding),
      seenIn: [...new Set(group.flatMap(({ seenIn }) => seenIn))],
    }))
    .sort(
      (a, b) =>
        SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) ||
        `${a.id} ${a.package}`.localeCompare(`${b.id} ${b.package}`, 'en'),
    );
}

function seen(where: 'root' | 'sbom', report: TrivyReport): Finding[] {
  return resultsOf(report).flatMap(({ Packages, Vulnerabilities }) => {
    const sources = new Map((Packages ?? []).map(({ Name, SrcName }) => [Name, SrcName]));
    return (Vulnerabilities ?? []).map((one) => finding(one, sources.get(one.PkgName), where));
  });
}

function finding(one: TrivyVulnerability, source: string | undefined, where: 'root' | 'sbom'): Finding {
  return {
    id: one.VulnerabilityID,
    package: one.PkgName,
    ...(source === undefined || source === '' || source === one.PkgName ? {} : { source }),
    installed: one.InstalledVersion,
    ...(filled(one.FixedVersion) ? { fixed: one.FixedVersion } : {}),
    severity: one.Severity,
    ...(filled(one.Title) ? { title: one.Title } : {}),
    ...(filled(one.PrimaryURL) ? { url: one.PrimaryURL } : {}),
    seenIn: [where],
  };
}

function filled(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}
