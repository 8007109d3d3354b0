import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Facts, readFacts } from '../../appliance/index.ts';
import { places } from '../../packer/index.ts';
import { type Feature, readFeatures } from './features.ts';
import { portsOf, readSnippet } from './firewall-snippets.ts';
import { type Form, type Marketplace, marketplaces, readForm } from './form.ts';
import { formFaults } from './form-faults.ts';
import { formSchema } from './limits.ts';
import { listingFaults } from './listing-faults.ts';

const facts = readFacts();
const azure = readForm('azure', facts);

test.each(marketplaces)('the listing fits the form of %s', (marketplace) => {
  expect(listingFaults(marketplace, facts)).toEqual([]);
});

test.each(marketplaces)(
  'each limit of %s says where it was read, or that it is unconfirmed',
  (marketplace) => {
    const { properties } = formSchema(marketplace);
    expect(Object.keys(properties).sort()).toEqual(Object.keys(azure).sort());
    for (const [field, limit] of Object.entries(properties)) {
      const { $comment, maxLength } = limit as { $comment?: string; maxLength?: number };
      expect($comment, field).toMatch(/./);
      if (maxLength !== undefined) expect($comment, field).not.toBe('unconfirmed');
    }
  },
);

const withLogos = (...edges: number[]): Partial<Form> => ({
  logos: edges.map((edge) => ({ file: `logo-${edge}.png`, edge })),
});

test.each<[string, Marketplace, Partial<Record<keyof Form, unknown>>, string]>([
  [
    'a summary of 101 characters',
    'azure',
    { summary: 'x'.repeat(101) },
    'summary: must NOT have more than 100 characters (Microsoft: Commercial marketplace certification policies, 100.1.2)',
  ],
  ['a name of 201 characters', 'azure', { name: 'x'.repeat(201) }, 'name: must NOT have more than 200'],
  ['a title of 256 characters', 'aws', { name: 'x'.repeat(256) }, 'name: must NOT have more than 255'],
  ['an empty description', 'gcp', { description: '' }, 'description: must NOT have fewer than 1'],
  ['a third category', 'azure', { categories: ['a', 'b', 'c'] }, 'categories: must NOT have more than 2'],
  [
    'a seventh size',
    'azure',
    { sizes: Array.from({ length: 7 }, (_, index) => ({ ...azure.sizes[0], name: `D${index}` })) },
    'sizes: must NOT have more than 6',
  ],
  [
    'no recommended size',
    'digitalocean',
    { sizes: azure.sizes.slice(1) },
    'sizes: none of them is what is asked for',
  ],
  ['a logo of wrong size', 'azure', withLogos(90, 512), 'logos: none of them is what is asked for'],
  [
    'a screenshot of wrong size',
    'azure',
    { screenshots: [{ file: 'ui.png', width: 1280, height: 800 }] },
    'screenshots.0.height: must be equal to constant',
  ],
  ['no screenshot', 'azure', { screenshots: [] }, 'screenshots: must NOT have fewer than 1'],
  [
    'no word about backup',
    'azure',
    { properties: { ...azure.properties, backup: undefined } },
    "properties: 'backup' is missing",
  ],
  ['a logo less than is made', 'gcp', withLogos(48, 90, 300), 'logos: none of them is what is asked for'],
  ['no logo at all', 'aws', withLogos(), 'logos: must NOT have fewer than 1'],
  [
    'usage that says nothing of upgrades',
    'aws',
    { usage: azure.usage.replace('# Upgrade', '# Later') },
    'usage: must match (^|\\n)#+ Upgrade',
  ],
  [
    'a field of another form',
    'digitalocean',
    { properties: azure.properties },
    "properties: 'generations' is no field of it",
  ],
  ['an unknown field', 'azure', { colour: 'blue' } as object, "the form: 'colour' is no field of it"],
])('%s is refused by %s', (_what, marketplace, changes, message) => {
  const form = { ...readForm(marketplace, facts), ...changes } as Form;
  expect(formFaults(marketplace, form)).toContainEqual(expect.stringContaining(message));
});

test.each(['privacy', 'terms', 'eula', 'support'] as const)(
  'a form without the %s URL is refused',
  (name) => {
    const { [name]: _, ...links } = azure.links;
    const form = { ...azure, links } as Form;
    expect(formFaults('azure', form)).toEqual([`links: '${name}' is missing (our own rule)`]);
  },
);

test('facts without a listing fill in no form', () => {
  const { listing: _, ...rest } = facts;
  expect(() => readForm('azure', rest as Facts)).toThrow('appliance.yaml has no listing');
});

test('sizes are what the issue of a listing promises: 8 GiB recommended, 4 GiB tested', () => {
  expect(azure.sizes.map(({ vcpus, memoryGiB, use }) => [vcpus, memoryGiB, use])).toEqual([
    [2, 8, 'recommended'],
    [2, 4, 'tested'],
  ]);
});

test('each snippet opens SSH, HTTP and HTTPS, and nothing else', () => {
  const { ssh, http, https } = facts.ports;
  for (const marketplace of marketplaces)
    expect(portsOf(marketplace, readSnippet(marketplace)), marketplace).toEqual([ssh, http, https]);
});

test.each<[string, Marketplace, (text: string) => string, string]>([
  [
    'a misspelt field',
    'aws',
    (text) => text.replace('FromPort', 'From'),
    "must have required property 'FromPort'",
  ],
  ['a rule that denies', 'azure', (text) => text.replace('Allow', 'Deny'), 'must be equal to constant'],
  [
    'no rule',
    'gcp',
    (text) => text.replace(/"allowed":\[.*\]/, '"allowed":[]'),
    'must NOT have fewer than 1',
  ],
])('a snippet with %s is refused', (_what, marketplace, change, message) => {
  const text = JSON.stringify(readSnippet(marketplace));
  expect(change(text)).not.toBe(text);
  expect(() => portsOf(marketplace, JSON.parse(change(text)))).toThrow(message);
});

/** A copy of docs/listing in which something was changed. */
function changedListing(path: string, change: (text: string) => string): { repository: string } & Disposable {
  const repository = mkdtempSync(join(tmpdir(), 'listing-'));
  cpSync(join(places.root, 'docs/listing'), join(repository, 'docs/listing'), { recursive: true });
  const file = join(repository, 'docs/listing', path);
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, change(text));
  expect(change(text)).not.toBe(text);
  return { repository, [Symbol.dispose]: () => rmSync(repository, { recursive: true }) };
}

test('one more port in a snippet than in the form is a fault', () => {
  using changed = changedListing('network/google-firewall.json', (text) =>
    text.replace('"443"', '"443", "4000"'),
  );
  expect(listingFaults('gcp', facts, changed.repository)).toEqual([
    'the ports of docs/listing/network are 22, 80, 443, 4000, those of the form 22, 80, 443',
  ]);
});

test.each<[string, string, (text: string) => string, string]>([
  [
    'a field that nobody knows',
    'listing.yaml',
    (text) => `${text}\ncolour: red\n`,
    'must NOT have additional properties',
  ],
  [
    'a bullet without a proof',
    'features.yaml',
    (text) => text.replace(/proofs:\n( {6}- .*\n)+/, 'proofs: []\n'),
    'must NOT have fewer than 1 items',
  ],
  [
    'a bullet that is there twice',
    'features.yaml',
    (text) => text.replace('id: admin-password', 'id: postgresql'),
    "'postgresql' is there twice",
  ],
  [
    'a drawing that was changed',
    'logo/logo.svg',
    (text) => text.replace('#f4a259', '#ffffff'),
    'was not made from logo.svg as it is; run: node sbom/listing/render-logos.ts',
  ],
])('a listing with %s is refused', (_what, path, change, message) => {
  using changed = changedListing(path, change);
  expect(() => readForm('azure', facts, changed.repository)).toThrow(message);
});

test('screenshots are read with their sizes, and one of a wrong size is a fault', () => {
  using changed = changedListing('description.md', (text) => `${text}\n`);
  const directory = join(changed.repository, 'docs/listing');
  cpSync(join(directory, 'logo/logo-300.png'), join(directory, 'screenshots/ui.png'));
  const { screenshots } = readForm('azure', facts, changed.repository);
  expect(screenshots).toEqual([
    { file: 'admin-ui.png', width: 1280, height: 720 },
    { file: 'ui.png', width: 300, height: 300 },
  ]);
  expect(listingFaults('azure', facts, changed.repository)).not.toEqual([]);
});

test('usage instructions say how each credential and key is changed', () => {
  const [, rotation = ''] = /^## Rotation\n(.*?)^## /ms.exec(azure.usage) ?? [];
  const rows = [...rotation.matchAll(/^\| ([^|]+?) \| (?!how)([^|]+) \|$/gm)].map(([, what]) => what);
  const asked = [
    'admin password',
    'virtual keys',
    'master key',
    'salt key',
    'database password',
    'provider keys',
  ];
  const more = ['TLS certificate and key', 'boot loader', 'SSH keys'];
  expect([...asked, ...more].filter((what) => !rows.some((row) => row?.includes(what)))).toEqual([]);
});

test('usage instructions say that the product depends on its firewall', () => {
  expect(azure.usage).toMatch(/^The product depends on the firewall of the machine/m);
});

test('the bullet that the publisher is shown is the one of the listing', () => {
  const page = readFileSync(join(places.root, 'docs/publisher/listing.md'), 'utf8');
  const [, shown = ''] = /```yaml\n(- id: .*?)```/s.exec(page) ?? [];
  const [bullet] = parse(shown) as [Feature];
  expect(bullet).toEqual(readFeatures().find(({ id }) => id === bullet.id));
});

test('a bullet stands in features.yaml, where it has its proof, and nowhere else', () => {
  for (const [name, text] of Object.entries({ description: azure.description, quickStart: azure.quickStart }))
    expect(text, name).not.toMatch(/^\s*[-*•] /m);
});
