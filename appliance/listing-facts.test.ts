import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseFacts } from './facts.ts';
import { exampleAddresses, isExample, type ListingFacts } from './listing-facts.ts';
import { machineFacts } from './machine-facts.ts';

const text = readFileSync(new URL('../appliance.yaml', import.meta.url), 'utf8');

const real: ListingFacts = {
  website: 'https://gateway.lynxroute.com/',
  documentation: 'https://docs.lynxroute.com/',
  support: 'https://lynxroute.com/support',
  privacy: 'https://lynxroute.com/privacy',
  terms: 'https://lynxroute.com/terms',
  eula: 'https://lynxroute.com/eula',
  contact: { name: 'Support', email: 'support@lynxroute.com', phone: '+49 30 123456' },
};

test('addresses of somebody are no examples', () => {
  expect(exampleAddresses({ listing: real })).toEqual([]);
});

test.each([
  ['website', 'https://example.com'],
  ['support', 'https://www.Example.org/help'],
  ['privacy', 'https://privacy.example/'],
  ['terms', 'https://terms.invalid/x'],
  ['eula', 'https://localhost/eula'],
])('%s at %s is an example', (name, url) => {
  expect(exampleAddresses({ listing: { ...real, [name]: url } })).toEqual([`listing.${name}: ${url}`]);
});

test.each([
  'https://notexample.com/',
  'https://example.com.lynxroute.com/',
  'https://lynxroute.com/example.com',
])('%s is none', (website) => {
  expect(exampleAddresses({ listing: { ...real, website } })).toEqual([]);
});

test('mail and telephone of nobody are examples too', () => {
  const contact = { name: 'Support', email: 'a@mail.example.net', phone: '+1 202 555 0142' };
  expect(exampleAddresses({ listing: { ...real, contact } })).toEqual([
    'listing.contact.email: a@mail.example.net',
    'listing.contact.phone: +1 202 555 0142',
  ]);
});

test('without a listing nobody is reached', () => {
  expect(exampleAddresses({})).toEqual(['listing: missing']);
});

test("the repository's addresses are all examples, and no facts of a machine", () => {
  const facts = parseFacts(text);
  expect(exampleAddresses(facts)).toHaveLength(8);
  expect(machineFacts(facts, 'debian-13', 'qemu', 'c')).not.toHaveProperty('listing');
});

test.each([
  'https://example.com/support',
  'https://www.example.org/',
  'https://support.vendor.example/',
  'https://vendor.test/',
  'https://vendor.invalid/terms',
  'https://localhost/privacy',
  'https://192.0.2.7/',
  'https://[2001:db8::1]/',
  'https://10.0.0.1/',
  'https://your-company.com/terms',
  'https://vendor.com/TODO',
  'https://intranet/',
])('%s leads nowhere', (link) => {
  expect(isExample(link)).toBe(true);
});

test.each(['https://lynxroute.com/support', 'https://docs.vendor.io/todo-list', 'https://8.8.8.8/'])(
  '%s may be shown to buyers',
  (link) => {
    expect(isExample(link)).toBe(false);
  },
);
