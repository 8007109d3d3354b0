import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { type Bundle, Failure, places, type shellFor } from '../../packer/index.ts';
import type { Licence } from './licence.ts';

/** An npm package inside a bundle. */
export interface NpmPackage {
  /** Where it lies below the repository; two versions of one package lie in two places. */
  readonly path: string;
  readonly name: string;
  readonly group: string | undefined;
  readonly version: string;
  readonly purl: string;
  readonly description: string | undefined;
  readonly author: string | undefined;
  readonly licences: readonly Licence[];
  readonly references: readonly { readonly type: string; readonly url: string }[];
  /** Paths of the packages that it uses and that are bundled as well. */
  readonly dependsOn: readonly string[];
}

/** A program that took part in making the document. */
export interface Tool {
  readonly group: string | undefined;
  readonly name: string;
  readonly version: string | undefined;
}

/** The part of cyclonedx-npm's document that is taken over. */
interface NpmDocument {
  readonly metadata: { readonly tools: { readonly components: readonly Tool[] } };
  readonly components: readonly NpmComponent[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

interface NpmComponent {
  readonly 'bom-ref': string;
  readonly group?: string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly description?: string;
  readonly author?: string;
  readonly licenses?: readonly NpmLicence[];
  readonly externalReferences?: readonly { readonly type: string; readonly url: string }[];
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}

interface NpmLicence {
  readonly license?: { readonly id?: string; readonly name?: string };
  readonly expression?: string;
}

const PATH = 'cdx:npm:package:path';
const program = `${dirname(createRequire(import.meta.url).resolve('@cyclonedx/cyclonedx-npm'))}/bin/cyclonedx-npm-cli.js`;
const options = [
  '--omit=dev',
  '--flatten-components',
  '--spec-version=1.6',
  '--output-reproducible',
  '--validate',
];

/**
 * The npm packages that the bundles really hold, as cyclonedx-npm describes them, in the order of their paths.
 * Throws Failure for a bundled package that it does not know as one that this project depends on.
 */
export async function npmPackages(
  bundles: readonly Bundle[],
  shell: ReturnType<typeof shellFor>,
): Promise<{ packages: NpmPackage[]; tools: readonly Tool[] }> {
  const listed = await shell({ cwd: places.root })`${process.execPath} ${program} ${options} -- package.json`;
  const document = JSON.parse(listed.stdout) as NpmDocument;
  return { packages: bundledOnly(document, bundles), tools: document.metadata.tools.components };
}

/** The packages of the document that are in a bundle, with the dependencies among them. */
export function bundledOnly(
  document: NpmDocument,
  bundles: readonly Pick<Bundle, 'packages'>[],
): NpmPackage[] {
  const byPath = new Map(document.components.map((component) => [pathOf(component), component]));
  const pathByRef = new Map(
    document.components.map((component) => [component['bom-ref'], pathOf(component)]),
  );
  const used = new Map(document.dependencies.map(({ ref, dependsOn = [] }) => [ref, dependsOn]));
  const wanted = [...new Set(bundles.flatMap(({ packages }) => packages))].sort();
  return wanted.map((path) => {
    const component = byPath.get(path);
    if (component === undefined)
      throw new Failure(
        `${path} is bundled, and npm does not know it as a dependency`,
        'put it under `dependencies` in package.json: what runs on the machine is no development tool',
      );
    const { name, group, version, purl, description, author, licenses = [] } = component;
    const uses = (used.get(component['bom-ref']) ?? []).map((ref) => pathByRef.get(ref) ?? '');
    return {
      path,
      name,
      group,
      version,
      purl,
      description,
      author,
      licences: licenses.map(licenceOf),
      references: (component.externalReferences ?? []).map(({ type, url }) => ({ type, url })),
      dependsOn: uses.filter((other) => wanted.includes(other)),
    };
  });
}

function pathOf({ properties = [] }: NpmComponent): string {
  return properties.find(({ name }) => name === PATH)?.value ?? '';
}

function licenceOf({ license, expression }: NpmLicence): Licence {
  if (expression !== undefined) return { expression };
  return license?.id === undefined ? { name: license?.name ?? '' } : { id: license.id };
}
