import { SPDX } from '@cyclonedx/cyclonedx-library';

/** A licence as an SBOM can say it: by SPDX identifier or expression where that is sure, else by the name it was given. */
export type Licence = { readonly id: string } | { readonly expression: string } | { readonly name: string };

/** Debian's short names that mean an SPDX licence under another name. */
const SAME = new Map([
  ['expat', 'MIT'],
  ['apache-2', 'Apache-2.0'],
  ['cc0', 'CC0-1.0'],
  ['openldap-2.8', 'OLDAP-2.8'],
  ['gfdl-niv-1.3', 'GFDL-1.3-no-invariants-only'],
  ['gfdl-niv-1.3+', 'GFDL-1.3-no-invariants-or-later'],
]);

/** Names of SPDX that are used in Debian for several texts, so that the name alone proves nothing. */
const AMBIGUOUS = new Set(['mit', 'x11', 'bsd-4-clause']);

const GNU = /^(A|L|)GPL-?v?([1-3])(?:\.([01]))?(\+|-only|-or-later|)$/i;
const GNU_VERSIONS = new Set([
  'GPL-1.0',
  'GPL-2.0',
  'GPL-3.0',
  'LGPL-2.0',
  'LGPL-2.1',
  'LGPL-3.0',
  'AGPL-3.0',
]);

/** Exceptions that Debian writes out and SPDX has under one name, whatever the version of the licence. */
const EXCEPTIONS = new Map([
  ['linux-syscall-note', 'Linux-syscall-note'],
  ['libtool', 'Libtool-exception'],
  ['bison', 'Bison-exception-2.2'],
  ['classpath', 'Classpath-exception-2.0'],
]);

/** More words than this are no short name, but the text of a licence that never got one. */
const MOST_WORDS = 12;

/**
 * The licences of a package from the short names of its machine-readable copyright file. Identifiers where each name is
 * one; an expression when some name combines several and all are known; otherwise those that are not stay names.
 */
export function licencesFrom(shortNames: Iterable<string>): Licence[] {
  const names = [...new Set(shortNames)].filter(
    (name) => name !== '' && name.split(/\s+/).length <= MOST_WORDS,
  );
  const known = names.map(spdxOf);
  if (known.every((spdx) => spdx !== undefined) && known.some(isCompound)) {
    return [{ expression: together(known) }];
  }
  const licences = names.map((name, index): [string, Licence] => {
    const spdx = known[index];
    return spdx === undefined || isCompound(spdx) ? [name, { name }] : [spdx, { id: spdx }];
  });
  return [...new Map(licences).values()];
}

/** The SPDX expression that a short name surely stands for; undefined where it is not sure. */
export function spdxOf(shortName: string): string | undefined {
  if (shortName.includes(',')) return undefined;
  const choices = shortName.split(/\s+or\s+/i).map((choice) => {
    const parts = choice.split(/\s+and\s+/i).map(spdxOfOne);
    return parts.includes(undefined) ? undefined : parts.join(' AND ');
  });
  return choices.includes(undefined) ? undefined : choices.join(' OR ');
}

function spdxOfOne(name: string): string | undefined {
  const [licence = '', exception] = name.split(/\s+with\s+/i);
  const id = identifierOf(licence.trim());
  if (id === undefined || exception === undefined) return id;
  const known = EXCEPTIONS.get(exception.replace(/\s+exception$/i, '').toLowerCase());
  return known === undefined ? undefined : `${id} WITH ${known}`;
}

function identifierOf(name: string): string | undefined {
  const lower = name.toLowerCase();
  if (AMBIGUOUS.has(lower)) return undefined;
  return SAME.get(lower) ?? gnuIdentifier(name) ?? (/GPL/i.test(name) ? undefined : SPDX.fixupSpdxId(name));
}

function gnuIdentifier(name: string): string | undefined {
  const [, kind = '', major = '', minor = '0', suffix = ''] = GNU.exec(name) ?? [];
  const version = `${kind.toUpperCase()}GPL-${major}.${minor}`;
  if (!GNU_VERSIONS.has(version)) return undefined;
  return `${version}-${suffix === '+' || suffix.toLowerCase() === '-or-later' ? 'or-later' : 'only'}`;
}

function isCompound(spdx: string | undefined): boolean {
  return spdx?.includes(' ') === true;
}

/** One expression that asks for all of them, each once. */
function together(expressions: readonly string[]): string {
  const parts = [
    ...new Set(expressions.flatMap((part) => (part.includes(' OR ') ? [part] : part.split(' AND ')))),
  ];
  return parts.map((part) => (parts.length > 1 && part.includes(' OR ') ? `(${part})` : part)).join(' AND ');
}
