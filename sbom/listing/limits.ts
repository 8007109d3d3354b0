import { record } from '../../appliance/index.ts';
import type { Marketplace } from './form.ts';
import { LOGO_SIZES } from './logos.ts';

/** Who says so. `unconfirmed`: nothing that could be read names a limit, so that the portal has the last word. */
const sources = {
  policies: 'Microsoft: Commercial marketplace certification policies, 100.1.2',
  listing: 'Microsoft Learn: Configure virtual machine offer listing details',
  guidelines: 'Microsoft Learn: Azure Marketplace listing guidelines',
  technical: 'Microsoft Learn: Technical configuration for a virtual machine offer',
  artwork: "a third party's summary of Microsoft's rules: see the portal's own words before relying on it",
  screenshot:
    "1280 x 720: a third party's summary of Microsoft's rules: see the portal's own words before relying on it; that there is one: our own rule",
  amiProduct: 'AWS Marketplace API reference: AmiProductSummary',
  usage: 'AWS Marketplace Seller Guide: AMI-based product requirements',
  own: 'our own rule',
  unconfirmed: 'unconfirmed',
} as const;
type Source = keyof typeof sources;

const from = (source: Source, schema: object): object => ({ ...schema, $comment: sources[source] });

const text = { type: 'string', minLength: 1 } as const;
const url = { type: 'string', pattern: '^https://' } as const;

/** A text that may hold so many characters. */
const short = (source: Source, maxLength?: number): object =>
  from(source, maxLength === undefined ? text : { ...text, maxLength });

const listOf = (source: Source, items: object, bounds: object = {}): object =>
  from(source, { type: 'array', minItems: 1, uniqueItems: true, items, ...bounds });

/** What usage instructions must tell of; the checklist asks for the same headings. */
export const usageHeadings = [
  'Launch',
  'Where secrets lie',
  'Encryption',
  'Rotation',
  'Health',
  'Upgrade',
  'Dependencies',
] as const;

/**
 * Who asks for a square picture of this edge, in pixels. Azure's 216 to 350 are the one size that could be read of; the others
 * are what portals have asked for, and are made so that nobody has to draw on the day of the form.
 */
const askedFor: Readonly<Record<(typeof LOGO_SIZES)[number], Source>> = {
  48: 'unconfirmed',
  90: 'unconfirmed',
  300: 'artwork',
  512: 'unconfirmed',
};

const withEdge = (edge: object): object => ({
  type: 'array',
  contains: { type: 'object', properties: { edge: { type: 'integer', ...edge } } },
});

/** Every picture that is made is there, and at least one has an edge of so many pixels. */
const logos = (source: Source, minimum: number, maximum: number): object =>
  listOf(source, record({ file: text, edge: { type: 'integer' } }), {
    allOf: [
      withEdge({ minimum, maximum }),
      ...LOGO_SIZES.map((edge) => from(askedFor[edge], withEdge({ const: edge }))),
    ],
  });

const size = record({
  vcpus: { type: 'integer' },
  memoryGiB: { type: 'integer' },
  use: { enum: ['recommended', 'tested'] },
  name: text,
});
const port = record({
  port: { type: 'integer', minimum: 1, maximum: 65535 },
  protocol: { const: 'tcp' },
  purpose: text,
});
const endpoint = record({ protocol: { const: 'https' }, path: text, port: { const: 'https' } });

const screenshots = (source: Source, width: object, height: object, bounds: object = {}): object =>
  from(source, { type: 'array', items: record({ file: text, width, height }), ...bounds });

/** What a listing must have in every marketplace. */
const everywhere = {
  name: short('unconfirmed'),
  version: from('own', { type: 'string', pattern: '^\\d+\\.\\d+\\.\\d+' }),
  summary: short('unconfirmed'),
  shortDescription: short('unconfirmed'),
  description: short('unconfirmed'),
  features: listOf('unconfirmed', text),
  keywords: listOf('unconfirmed', text),
  categories: listOf('unconfirmed', text),
  ports: listOf('own', port, { minItems: 3, maxItems: 3 }),
  sizes: listOf('unconfirmed', size, {
    contains: { type: 'object', properties: { use: { const: 'recommended' } } },
  }),
  usage: from('usage', {
    type: 'string',
    allOf: usageHeadings.map((heading) => ({ pattern: `(^|\\n)#+ ${heading}\\n` })),
  }),
  quickStart: short('own'),
  links: from(
    'own',
    record({ website: url, documentation: url, support: url, privacy: url, terms: url, eula: url }),
  ),
  contact: from('own', record({ name: text, email: text, phone: text })),
  logos: logos('unconfirmed', 48, 512),
  screenshots: screenshots('unconfirmed', { type: 'integer' }, { type: 'integer' }),
  properties: from('own', { type: 'object' }),
} as const;

/** Where a marketplace says more than that. */
const ofMarketplace: Readonly<Record<Marketplace, Readonly<Record<string, object>>>> = {
  azure: {
    name: short('listing', 200),
    summary: short('policies', 100),
    categories: listOf('guidelines', text, { maxItems: 2 }),
    sizes: listOf('technical', size, { maxItems: 6 }),
    logos: logos('artwork', 216, 350),
    screenshots: screenshots('screenshot', { const: 1280 }, { const: 720 }, { minItems: 1 }),
    properties: from(
      'technical',
      record({
        generations: { type: 'array', uniqueItems: true, minItems: 1, items: { enum: [1, 2] } },
        cloudInit: { type: 'boolean' },
        sshSupported: { type: 'boolean' },
        acceleratedNetworking: { type: 'boolean' },
        armTemplateOnly: { type: 'boolean' },
        backup: { type: 'boolean' },
        extensions: { type: 'boolean' },
        hibernation: { type: 'boolean' },
        networkVirtualAppliance: { type: 'boolean' },
        nvme: { type: 'boolean' },
      }),
    ),
  },
  aws: {
    name: short('amiProduct', 255),
    properties: from(
      'usage',
      record({ osUser: text, osName: text, osVersion: text, scanPort: { const: 'ssh' }, endpoint }),
    ),
  },
  gcp: { properties: from('unconfirmed', record({ osName: text, osVersion: text })) },
  digitalocean: {
    properties: from('unconfirmed', record({ osName: text, osVersion: text, sshUser: { const: 'root' } })),
  },
};

/** The JSON schema of a marketplace's form; `$comment` beside each limit says where it was read. */
export function formSchema(marketplace: Marketplace): {
  readonly properties: Readonly<Record<string, object>>;
} {
  const properties = { ...everywhere, ...ofMarketplace[marketplace] };
  return { ...record(properties), properties };
}
