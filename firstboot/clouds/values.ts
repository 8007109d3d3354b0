/** Reads foreign answers: only what we use of them, and only what it can truly be. */
import ipaddr from 'ipaddr.js';
import { isDnsName } from '../certificate-names.ts';
import { MetadataError } from './metadata-error.ts';

/** Nobody can be reached at these, whoever says so. */
const NOWHERE = ['unspecified', 'loopback', 'linkLocal', 'multicast', 'broadcast'];
/** IPv6 that is not public: there is enough of it, so a cloud that gives one of these gives no public one. */
const NOT_PUBLIC = [...NOWHERE, 'uniqueLocal', 'ipv4Mapped'];

const WORD = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9])?$/;

/** What lies under these keys, at whatever depth something else than expected turns up; lists are looked through. */
export function follow(value: unknown, ...keys: readonly string[]): unknown[] {
  return keys.reduce<unknown[]>((found, key) => found.flatMap((each) => members(each, key)), [value]);
}

function members(value: unknown, key: string): unknown[] {
  const isObject = typeof value === 'object' && value !== null && Object.hasOwn(value, key);
  const found = isObject ? (value as Record<string, unknown>)[key] : undefined;
  if (found === undefined) return [];
  return Array.isArray(found) ? found : [found];
}

/** The first IPv4 address among them. Private ones count: the floating addresses of a private cloud are private. */
export function firstIpv4(candidates: readonly unknown[]): string | undefined {
  return candidates.find(
    (each): each is string =>
      typeof each === 'string' &&
      ipaddr.IPv4.isValidFourPartDecimal(each) &&
      !NOWHERE.includes(ipaddr.IPv4.parse(each).range()),
  );
}

/** The first public IPv6 address among them, in its short form; a prefix length behind it is left out. */
export function firstPublicIpv6(candidates: readonly unknown[]): string | undefined {
  return candidates
    .filter((each) => typeof each === 'string')
    .map((each) => each.replace(/\/\d+$/, ''))
    .filter((each) => !each.includes('%') && ipaddr.IPv6.isValid(each))
    .map((each) => ipaddr.IPv6.parse(each))
    .find((address) => !NOT_PUBLIC.includes(address.range()))
    ?.toString();
}

/** Names that a certificate can carry, each once. */
export function hostNames(...candidates: readonly unknown[]): string[] {
  const names = candidates.filter((each) => typeof each === 'string');
  return [...new Set(names)].filter((name) => isDnsName(name) && !ipaddr.isValid(name));
}

/** The first that can be a region, an instance id or the like: one word. Numbers count where they are exact. */
export function firstWord(candidates: readonly unknown[]): string | undefined {
  return candidates
    .filter((each) => typeof each === 'string' || Number.isSafeInteger(each))
    .map(String)
    .find((word) => WORD.test(word));
}

/** An instance's id, by which a metadata service shows that it is the one that was asked. */
export function instanceIdIn(candidates: readonly unknown[], form = WORD): string {
  const id = firstWord(candidates);
  if (id === undefined || !form.test(id)) throw new MetadataError('the answer names no instance');
  return id;
}
