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
  contact: {
    type: 'object',
    additionalProperties: false,
    required: Object.keys(contact),
    properties: contact,
  },
} as const;

export const listingSchema = {
  type: 'object',
  additionalProperties: false,
  required: Object.keys(links),
  properties: links,
} as const;

/** Names that the Internet's naming system sets aside for documents and tests (RFC 2606, RFC 6761): nobody answers there. */
const EXAMPLE_NAME = /(^|\.)(example|test|invalid|localhost|example\.(com|net|org))$/i;
/** Numbers that are kept free for films and documents in North America. */
const EXAMPLE_PHONE = /^\+1[ -]?\d{3}[ -]?555[ -]?01\d\d$/;

/**
 * What in the listing's addresses would lead a buyer nowhere: each as `listing.privacy: https://www.example.com/privacy`.
 * Empty when all of them are somebody's.
 */
export function exampleAddresses({ listing }: { readonly listing?: ListingFacts }): string[] {
  if (listing === undefined) return ['listing: missing'];
  const { contact, ...urls } = listing;
  const found = Object.entries(urls).filter(([, address]) =>
    EXAMPLE_NAME.test(new URL(address).hostname.replace(/\.$/, '')),
  );
  const emailHost = contact.email.slice(contact.email.lastIndexOf('@') + 1);
  if (EXAMPLE_NAME.test(emailHost)) found.push(['contact.email', contact.email]);
  if (EXAMPLE_PHONE.test(contact.phone)) found.push(['contact.phone', contact.phone]);
  return found.map(([name, address]) => `listing.${name}: ${address}`);
}
