import { readFileSync } from 'node:fs';
import type { Known } from './tailoring.ts';

/** The profile that the machine is hardened by. */
export const PROFILE = 'cis_level1_server';

/** What the profile of one product's content selects, as `make-catalogue.ts` wrote it down. */
export interface ProductCatalogue {
  /** Release of the SCAP Security Guide. */
  readonly version: string;
  /** The day of that release. */
  readonly date: string;
  /** Titles by rule. */
  readonly rules: Readonly<Record<string, string>>;
}

/** The profile's rules by product, such as `debian13`. Kept in the repository so that neither a bake nor a check of the tailoring needs the content. */
export type Catalogue = Readonly<Record<string, ProductCatalogue>>;

export const catalogueFile = new URL('generated/catalogue.json', import.meta.url);

export function readCatalogue(): Catalogue {
  return JSON.parse(readFileSync(catalogueFile, 'utf8')) as Catalogue;
}

/** What a tailoring is checked against: the catalogue, and the targets of the facts. */
export function knownFrom(catalogue: Catalogue, targets: readonly string[]): Known {
  const products = Object.entries(catalogue).map(
    ([product, { rules }]) => [product, new Set(Object.keys(rules))] as const,
  );
  return { targets, selected: (profile) => new Map(profile === PROFILE ? products : []) };
}
