import { NotRun } from './not-run.ts';

/** What is used of the SBOM. */
export interface Sbom {
  readonly serialNumber?: string;
  readonly version?: number;
  readonly components: readonly SbomComponent[];
}

export interface SbomComponent {
  readonly 'bom-ref'?: string;
  readonly type: string;
  readonly group?: string;
  readonly name: string;
  readonly version?: string;
  readonly purl?: string;
  readonly properties?: readonly Property[];
}

interface Property {
  readonly name: string;
  readonly value?: string;
}

/** A package of the SBOM as Trivy knows it. */
export interface ScannedPackage {
  /** Trivy's name of the kind, which chooses the advisories: `debian`, `ubuntu`, `node-pkg`, `bitnami`. */
  readonly kind: string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly properties: readonly Property[];
}

/** Trivy's kind for the Node runtime, under which Bitnami's advisories are found. */
export const NODE_KIND = 'bitnami';

const trivy = (name: string): string => `aquasecurity:trivy:${name}`;
const DEBIAN_PROPERTIES = ['SrcName', 'SrcVersion', 'SrcRelease', 'SrcEpoch'].map(trivy);

/** The SBOM in `text`. Throws NotRun when it has no list of components. */
export function readSbom(text: string): Sbom {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    throw new NotRun('the SBOM is not JSON');
  }
  const sbom = found as Sbom | null;
  if (!Array.isArray(sbom?.components) || sbom.components.length === 0) {
    throw new NotRun('the SBOM lists no component');
  }
  return sbom;
}

/** The operating system of the SBOM. */
export function systemOf({ components }: Sbom): { readonly name: string; readonly version: string } {
  const found = components.find(({ type }) => type === 'operating-system');
  if (found?.version === undefined) throw new NotRun('the SBOM names no operating system');
  return { name: found.name, version: found.version };
}

/** The components that have advisories: Debian packages, npm packages and the Node runtime. */
export function packagesOf(sbom: Sbom): ScannedPackage[] {
  const system = systemOf(sbom);
  return sbom.components.flatMap(({ group, name, version, purl, properties = [] }) => {
    if (purl === undefined || version === undefined) return [];
    if (purl.startsWith('pkg:deb/')) {
      const kept = properties.filter((property) => DEBIAN_PROPERTIES.includes(property.name));
      return [{ kind: system.name, name, version, purl, properties: kept }];
    }
    if (purl.startsWith('pkg:npm/')) {
      const full = group === undefined || group === '' ? name : `${group}/${name}`;
      return [{ kind: 'node-pkg', name: full, version, purl, properties: [] }];
    }
    // Nobody publishes advisories for a bare Node under its own name; Bitnami's list follows Node's own security releases.
    if (purl.startsWith('pkg:generic/node@')) {
      return [{ kind: NODE_KIND, name, version, purl: `pkg:bitnami/node@${version}`, properties: [] }];
    }
    return [];
  });
}

/** A version of each kind that is older than any fix: Node's list has ranges, so its oldest of a line that is still kept. */
const CANARY_VERSIONS: Readonly<Record<string, string>> = { 'node-pkg': '0.0.0', [NODE_KIND]: '20.0.0' };
const DEBIAN_CANARY = '0~canary';

/**
 * The same packages at versions that every known vulnerability hits. A database with nothing against them does not know
 * this distribution or this kind of package, and a scan with it would find an image clean whatever is in it.
 */
export function canariesOf(packages: readonly ScannedPackage[]): ScannedPackage[] {
  return packages.map((found) => {
    const version = CANARY_VERSIONS[found.kind] ?? DEBIAN_CANARY;
    const source = found.properties.filter(({ name }) => name === trivy('SrcName'));
    const properties =
      source.length === 0 ? [] : [...source, { name: trivy('SrcVersion'), value: DEBIAN_CANARY }];
    return { ...found, version, purl: found.purl.replace(/@[^@?]+(?=\?|$)/, `@${version}`), properties };
  });
}

/**
 * A document with these packages that every Trivy reads: older ones know CycloneDX 1.5 at most, and all of them look
 * for the kind of a package in properties of their own.
 */
export function trivyDocument(sbom: Sbom, packages: readonly ScannedPackage[]): string {
  const system = systemOf(sbom);
  const refOf = (_: ScannedPackage, index: number): string => `package-${index}`;
  const isDebian = ({ kind }: ScannedPackage): boolean => kind === system.name;
  const refs = packages.map(refOf);
  return JSON.stringify({
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    serialNumber: 'urn:uuid:00000000-0000-4000-8000-000000000000',
    version: 1,
    metadata: { component: { 'bom-ref': 'image', type: 'application', name: 'image' } },
    components: [
      {
        'bom-ref': 'system',
        type: 'operating-system',
        ...system,
        properties: [
          { name: trivy('Class'), value: 'os-pkgs' },
          { name: trivy('Type'), value: system.name },
        ],
      },
      ...packages.map(({ kind, name, version, purl, properties }, index) => ({
        'bom-ref': refs[index],
        type: 'library',
        name,
        version,
        purl,
        properties: [...properties, { name: trivy('PkgType'), value: kind }],
      })),
    ],
    dependencies: [
      {
        ref: 'image',
        dependsOn: ['system', ...refs.filter((_, index) => !isDebian(packages[index] as ScannedPackage))],
      },
      { ref: 'system', dependsOn: refs.filter((_, index) => isDebian(packages[index] as ScannedPackage)) },
    ],
  });
}
