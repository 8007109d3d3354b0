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

/** Names of the interfaces that have a link-local address of IPv6, and so may reach one. */
export function linkLocalInterfaces(interfaces: Interfaces): string[] {
  return Object.entries(interfaces)
    .filter(([, infos = []]) => infos.some(({ internal, address }) => !internal && isLinkLocalIpv6(address)))
    .map(([name]) => name);
}

export function isLinkLocalIpv6(address: string): boolean {
  return ipaddr.IPv6.isValid(address) && ipaddr.parse(address).range() === 'linkLocal';
}

/** The address as it stands in a URL. */
export function urlHost(address: string): string {
  return ipaddr.IPv6.isValid(address) ? `[${address}]` : address;
}
