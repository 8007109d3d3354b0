import { PackageURL } from 'packageurl-js';
import { PATH_PROPERTY } from './components.ts';

/** The part of a CycloneDX document that the checks read. */
interface Document {
  readonly components?: readonly Component[];
}

interface Component {
  readonly purl?: string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}

/** SHA-256 of every file that a document names, by the path on the machine. */
export function hashedFiles(text: string): Map<string, string> {
  const files = componentsOf(text).flatMap(({ properties = [], hashes = [] }) => {
    const path = properties.find(({ name }) => name === PATH_PROPERTY)?.value;
    const hash = hashes.find(({ alg }) => alg === 'SHA-256')?.content;
    return path === undefined || hash === undefined ? [] : [[path, hash] as const];
  });
  return new Map(files);
}

/** The Debian packages that a document names, each as `name version architecture`. */
export function namedPackages(text: string): Set<string> {
  const purls = componentsOf(text).flatMap(({ purl }) =>
    purl?.startsWith('pkg:deb/') === true ? [purl] : [],
  );
  return new Set(
    purls.map((purl) => {
      const { name, version, qualifiers } = PackageURL.fromString(purl);
      return `${name} ${version} ${qualifiers?.arch}`;
    }),
  );
}

function componentsOf(text: string): readonly Component[] {
  return (JSON.parse(text) as Document).components ?? [];
}
