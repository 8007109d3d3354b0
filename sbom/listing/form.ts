import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Facts, type ListingFacts, record } from '../../appliance/index.ts';
import { places } from '../../packer/index.ts';
import { readFeatures } from './features.ts';
import { type Logo, readLogos } from './logos.ts';
import { readScreenshots, type Screenshot } from './screenshots.ts';
import { readYaml } from './yaml-file.ts';

/** The marketplaces that the product has a listing for; each is the name of a target. */
export const marketplaces = ['azure', 'aws', 'gcp', 'digitalocean'] as const;
export type Marketplace = (typeof marketplaces)[number];

export interface ListedSize {
  readonly vcpus: number;
  readonly memoryGiB: number;
  readonly use: 'recommended' | 'tested';
  /** What the marketplace's cloud calls it. */
  readonly name: string;
}

export interface ListedPort {
  readonly port: number;
  readonly protocol: 'tcp';
  readonly purpose: string;
}

/** What the form of one marketplace is filled in with. */
export interface Form {
  readonly name: string;
  readonly version: string;
  readonly summary: string;
  readonly shortDescription: string;
  /** Markdown. */
  readonly description: string;
  readonly features: readonly string[];
  readonly keywords: readonly string[];
  readonly categories: readonly string[];
  readonly ports: readonly ListedPort[];
  readonly sizes: readonly ListedSize[];
  /** Markdown. */
  readonly usage: string;
  /** Markdown. */
  readonly quickStart: string;
  readonly links: Readonly<Omit<ListingFacts, 'contact'>>;
  readonly contact: ListingFacts['contact'];
  readonly logos: readonly Logo[];
  readonly screenshots: readonly Screenshot[];
  /** What only this form asks for. */
  readonly properties: Readonly<Record<string, unknown>>;
}

type PortName = keyof Facts['ports'];

/** listing.yaml, as it is written: one text for all marketplaces, and what only one of them asks for. */
interface ListingFile extends Pick<Form, 'name' | 'summary' | 'shortDescription' | 'keywords'> {
  readonly ports: readonly { readonly port: PortName; readonly protocol: 'tcp'; readonly purpose: string }[];
  readonly sizes: readonly (Omit<ListedSize, 'name'> & {
    readonly names: Readonly<Record<Marketplace, string>>;
  })[];
  readonly clouds: Readonly<
    Record<
      Marketplace,
      { readonly categories: readonly string[]; readonly properties: Readonly<Record<string, unknown>> }
    >
  >;
}

const text = { type: 'string', minLength: 1 } as const;
const texts = { type: 'array', items: text } as const;

const perMarketplace = (schema: object): object =>
  record(Object.fromEntries(marketplaces.map((name) => [name, schema])));

const schema = record({
  name: text,
  summary: text,
  shortDescription: text,
  keywords: texts,
  ports: {
    type: 'array',
    items: record({ port: { enum: ['ssh', 'http', 'https'] }, protocol: { const: 'tcp' }, purpose: text }),
  },
  sizes: {
    type: 'array',
    items: record({
      vcpus: { type: 'integer', minimum: 1 },
      memoryGiB: { type: 'integer', minimum: 1 },
      use: { enum: ['recommended', 'tested'] },
      names: perMarketplace(text),
    }),
  },
  clouds: perMarketplace(record({ categories: texts, properties: { type: 'object' } })),
});

/** Fills in the form of a marketplace from docs/listing and the facts. Throws where docs/listing is not as it should be. */
export function readForm(marketplace: Marketplace, facts: Facts, repository: string = places.root): Form {
  const directory = join(repository, 'docs/listing');
  const markdown = (name: string): string => readFileSync(join(directory, `${name}.md`), 'utf8');
  const file = readYaml<ListingFile>(join(directory, 'listing.yaml'), schema);
  if (facts.listing === undefined)
    throw new Error('appliance.yaml has no listing: add where buyers are sent, as listing: { privacy: ... }');
  const { contact, ...links } = facts.listing;
  const { categories, properties } = file.clouds[marketplace];
  return {
    name: file.name,
    version: facts.version,
    summary: file.summary,
    shortDescription: file.shortDescription,
    description: markdown('description'),
    features: readFeatures(repository).map((feature) => feature.text),
    keywords: file.keywords,
    categories,
    ports: file.ports.map(({ port, ...rest }) => ({ port: facts.ports[port], ...rest })),
    sizes: file.sizes.map(({ names, ...size }) => ({ ...size, name: names[marketplace] })),
    usage: markdown('usage'),
    quickStart: markdown('quick-start'),
    links,
    contact,
    logos: readLogos(repository),
    screenshots: readScreenshots(repository),
    properties,
  };
}
