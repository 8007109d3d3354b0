import { readFileSync } from 'node:fs';
import { Failure, installedParagraphs, type Paragraph } from '../../packer/index.ts';
import { licenceNames } from './copyright.ts';
import { inside } from './inside.ts';
import { type Licence, licencesFrom } from './licence.ts';

/** A package that dpkg installed, with what the package says about itself. */
export interface OsPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** The source package it was built from: advisories are about sources. */
  readonly source: { readonly name: string; readonly version: string };
  readonly summary: string;
  readonly maintainer: string;
  readonly homepage: string | undefined;
  readonly licences: readonly Licence[];
}

/** The distribution that a tree is of, as its os-release says. */
export interface Distribution {
  /** `debian`, `ubuntu`. */
  readonly id: string;
  /** `13`, `24.04`. */
  readonly version: string;
  readonly title: string;
}

/** The packages of a root tree, in dpkg's order of names. */
export function osPackages(tree: string): OsPackage[] {
  return installedParagraphs(tree).map((paragraph) => describe(tree, paragraph));
}

function describe(tree: string, paragraph: Paragraph): OsPackage {
  const field = (name: string): string => paragraph.get(name) ?? '';
  const [name, version] = [field('package'), field('version')];
  const source = /^(\S+)(?:\s+\((\S+)\))?$/.exec(field('source'));
  return {
    name,
    version,
    architecture: field('architecture'),
    source: { name: source?.[1] ?? name, version: source?.[2] ?? version },
    summary: field('description').split('\n', 1)[0] ?? '',
    maintainer: field('maintainer'),
    homepage: paragraph.get('homepage'),
    licences: licencesFrom(licenceNames(tree, name)),
  };
}

/** Throws Failure where the tree does not say what it is. */
export function distributionOf(tree: string): Distribution {
  const path = inside(tree, '/etc/os-release');
  if (path === undefined) throw new Failure('the tree has no /etc/os-release', 'see what made it');
  const lines = readFileSync(path, 'utf8').split('\n');
  const value = (name: string): string => {
    const line = lines.find((candidate) => candidate.startsWith(`${name}=`));
    if (line === undefined)
      throw new Failure(`/etc/os-release does not say ${name}`, 'see what made the tree');
    return line.slice(name.length + 1).replace(/^"(.*)"$/, '$1');
  };
  return { id: value('ID'), version: value('VERSION_ID'), title: value('PRETTY_NAME') };
}
