import { type MachineFacts, readFacts } from '../../appliance/index.ts';
import { Failure } from '../../packer/index.ts';
import { knownFrom, type ProductCatalogue, readCatalogue } from './catalogue.ts';
import { PRODUCTS, type Product } from './content.ts';
import { renderTailoredProfile } from './tailored-profile.ts';
import { readTailoring, type Tailoring, tailoredOut } from './tailoring.ts';
import { renderXccdfTailoring } from './xccdf-tailoring.ts';

/** A file for the machine. */
export interface Document {
  readonly path: string;
  readonly content: string;
}

/** The content that judges machines of a base: a fact of the base. Throws Failure when nobody knows how to fetch it. */
export function productOf(base: string, facts = readFacts()): Product {
  const name = facts.bases[base]?.scap;
  const product = PRODUCTS.find((known) => known === name);
  if (product === undefined)
    throw new Failure(`the base ${base} is judged by '${name}'`, `choose one of ${PRODUCTS.join(', ')}`);
  return product;
}

/** The repository's tailoring, checked against the targets of the facts and the catalogue. */
export function checkedTailoring(targets = Object.keys(readFacts().targets)): Tailoring {
  return readTailoring(knownFrom(readCatalogue(), targets));
}

/** Short ids of the rules that the role `cis` leaves alone on machines of this base and target. */
export function cisTailoredOut(base: string, target: string): string[] {
  const { rules } = catalogueOf(productOf(base));
  return tailoredOut(checkedTailoring(), target)
    .map(({ rule }) => rule)
    .filter((rule) => rules[rule] !== undefined);
}

/** What the machine carries of its tailoring: for people, and for a scanner. */
export function cisDocuments(facts: MachineFacts): readonly Document[] {
  const tailoring = checkedTailoring();
  const product = productOf(facts.base);
  const catalogue = catalogueOf(product);
  const directory = `/usr/share/doc/${facts.vendor.directory}`;
  return [
    {
      path: `${directory}/CIS_TAILORED_PROFILE.md`,
      content: renderTailoredProfile(tailoring, product, catalogue, facts),
    },
    {
      path: `${directory}/cis-tailoring.xml`,
      content: renderXccdfTailoring(tailoring, catalogue, facts),
    },
  ];
}

function catalogueOf(product: Product): ProductCatalogue {
  const found = readCatalogue()[product];
  if (found === undefined)
    throw new Failure(`the catalogue lacks ${product}`, 'node sbom/cis/make-catalogue.ts');
  return found;
}
