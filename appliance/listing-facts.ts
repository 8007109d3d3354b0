import ipaddr from 'ipaddr.js';
import { record } from './record-schema.ts';

/** Where a buyer of a marketplace listing is sent, and whom he reaches. */
export interface ListingFacts {
  readonly website: string;
  readonly documentation: string;
  readonly support: string;
  readonly privacy: string;
  readonly terms: string;
  readonly eula: string;
  readonly contact: { readonly name: string; readonly email: string; readonly phone: string };
}

const url = { type: 'string', pattern: '^https://[^\\s/]+(/\\S*)?$' } as const;
const contact = {
  name: { type: 'string', minLength: 1 },
  email: { type: 'string', pattern: '^[^\\s@]+@[^\\s@]+\\.[^\\s@]+$' },
  phone: { type: 'string', pattern: '^\\+[0-9][0-9 -]{6,}$' },
} as const;
const links = {
  website: url,
  documentation: url,
  support: url,
  privacy: url,
  terms: url,
  eula: url,
  contact: record(contact),
} as const;

export const listingSchema = record(links);

/** Names that nobody owns: RFC 2606 and RFC 6761 set them aside, or they are of one network only. */
const RESERVED = /(^|\.)(example|test|invalid|localhost|local|internal)$|(^|\.)example\.(com|net|org)$/i;
/** Words that people leave for "to be filled in". */
const PLACEHOLDER = /[./](todo|tbd|changeme|your-?(company|domain|name)|placeholder)([./]|$)/i;
/** Numbers that are kept free for films and documents in North America. */
const EXAMPLE_PHONE = /^\+1[ -]?\d{3}[ -]?555[ -]?01\d\d$/;

/**
 * What in the listing's addresses would lead a buyer nowhere: each as `listing.privacy: https://www.example.com/privacy`.
 * Empty when all of them are somebody's.
 */
export function exampleAddresses({ listing }: { readonly listing?: ListingFacts }): string[] {
  if (listing === undefined) return ['listing: missing'];
  const { contact, ...urls } = listing;
  const found = Object.entries(urls).filter(([, address]) => isExample(address));
  const emailHost = contact.email.slice(contact.email.lastIndexOf('@') + 1);
  if (RESERVED.test(emailHost)) found.push(['contact.email', contact.email]);
  if (EXAMPLE_PHONE.test(contact.phone)) found.push(['contact.phone', contact.phone]);
  return found.map(([name, address]) => `listing.${name}: ${address}`);
}

/** Whether a link leads nowhere on purpose, so that no buyer may see it. */
export function isExample(link: string): boolean {
  const { hostname } = new URL(link);
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (ipaddr.isValid(host)) return ipaddr.process(host).range() !== 'unicast';
  return RESERVED.test(host) || PLACEHOLDER.test(link) || !host.includes('.');
}
