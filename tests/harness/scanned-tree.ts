import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** A package as dpkg and an SBOM know it. */
export interface SmallPackage {
  readonly name: string;
  readonly version: string;
  readonly source?: string;
}

export const SMALL_PACKAGES: readonly SmallPackage[] = [
  { name: 'bash', version: '5.2.37-2+b5' },
  { name: 'libssl3t64', version: '3.5.1-1', source: 'openssl' },
  { name: 'openssl', version: '3.5.1-1' },
  { name: 'login', version: '1:4.16.0-2', source: 'shadow' },
];

/** A root file system of Debian 13 that is just big enough for a scanner: its release and what dpkg knows. */
export function writeSmallTree(tree: string, packages: readonly SmallPackage[] = SMALL_PACKAGES): void {
  const release = 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\nVERSION_ID="13"\n';
  write(tree, '/usr/lib/os-release', release);
  write(tree, '/etc/os-release', release);
  write(tree, '/etc/debian_version', '13.1\n');
  write(tree, '/var/lib/dpkg/status', packages.map(stanza).join('\n'));
  for (const { name } of packages) write(tree, `/var/lib/dpkg/info/${name}.list`, `/.\n/usr/bin/${name}\n`);
}

export function write(tree: string, path: string, text: string | Uint8Array): void {
  mkdirSync(dirname(`${tree}${path}`), { recursive: true });
  writeFileSync(`${tree}${path}`, text);
}

function stanza({ name, version, source }: SmallPackage): string {
  return [
    `Package: ${name}`,
    'Status: install ok installed',
    'Architecture: amd64',
    'Maintainer: Nobody <nobody@example.org>',
    ...(source === undefined ? [] : [`Source: ${source}`]),
    `Version: ${version}`,
    `Description: ${name}`,
    '',
  ].join('\n');
}

/** The SBOM of such a tree, with one npm package and the Node runtime beside it. */
export function smallSbom(packages: readonly SmallPackage[] = SMALL_PACKAGES): string {
  const debs = packages.map(({ name, version, source = name }) => {
    const [, epoch, upstream, release] = /^(?:(\d+):)?(.*)-([^-]*)$/.exec(version) ?? [];
    const properties = { SrcName: source, SrcVersion: upstream, SrcRelease: release, SrcEpoch: epoch };
    return {
      'bom-ref': `deb-${name}`,
      type: 'library',
      name,
      version,
      purl: `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=amd64&distro=debian-13`,
      properties: Object.entries(properties).flatMap(([key, value]) =>
        value === undefined ? [] : [{ name: `aquasecurity:trivy:${key}`, value }],
      ),
    };
  });
  return JSON.stringify({
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: 'urn:uuid:11111111-2222-8333-a444-555555555555',
    version: 1,
    components: [
      { 'bom-ref': 'os', type: 'operating-system', name: 'debian', version: '13' },
      ...debs,
      npm('fastify', '5.12.8'),
      { ...npm('cookie', '11.1.5'), group: '@fastify', purl: 'pkg:npm/%40fastify/cookie@11.1.5' },
      { ...npm('node', '24.21.0'), type: 'platform', purl: 'pkg:generic/node@24.21.0' },
    ],
  });
}

function npm(name: string, version: string) {
  return { 'bom-ref': `npm-${name}`, type: 'library', name, version, purl: `pkg:npm/${name}@${version}` };
}
