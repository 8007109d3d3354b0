import type { NetworkInterfaceInfo } from 'node:os';
import ipaddr from 'ipaddr.js';

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/** Addresses at which others could reach this machine, IPv4 first: no loopback, nothing that is valid on one link only. */
export function reachableAddresses(interfaces: Interfaces): string[] {
  const addresses = Object.values(interfaces)
    .flatMap((infos) => infos ?? [])
    .filter((info) => !info.internal && ipaddr.parse(info.address).range() !== 'linkLocal')
    .toSorted((one, other) => one.family.localeCompare(other.family))
    .map((info) => info.address);
  return [...new Set(addresses)];
}

/** The address as it stands in a URL. */
export function urlHost(address: string): string {
  return ipaddr.IPv6.isValid(address) ? `[${address}]` : address;
}
