import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { UsageError } from '../arguments.ts';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Network = readonly [Address, number];

function parsedNetwork(text: string): Network {
  const [address = '', prefix, ...more] = text.split('/');
  const bits = { 4: 32, 6: 128, 0: -1 }[isIP(address) as 0 | 4 | 6];
  const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : bits + 1;
  if (bits < 0 || more.length > 0 || length > bits || address.includes('%')) {
    throw new UsageError(`'${text}' is no address and no network; write 198.51.100.7 or 2001:db8::/32`);
  }
  const parsed = ipaddr.parse(address);
  if (parsed.kind() === 'ipv6' && (parsed as ipaddr.IPv6).isIPv4MappedAddress()) {
    throw new UsageError(`'${text}' is an IPv4 address in IPv6's clothes; write it as IPv4`);
  }
  return [parsed, length];
}

/** A network as it is stored and shown: `ADDRESS/LENGTH`, bits below the mask cleared. Throws UsageError. */
export function network(text: string): string {
  const [address, length] = parsedNetwork(text);
  const base =
    address.kind() === 'ipv4'
      ? ipaddr.IPv4.networkAddressFromCIDR(`${address}/${length}`)
      : ipaddr.IPv6.networkAddressFromCIDR(`${address}/${length}`);
  return `${base}/${length}`;
}

/** One address as fail2ban and nginx write it. Throws UsageError. */
export function address(text: string): string {
  if (text.includes('/')) throw new UsageError(`'${text}' is a network; name one address`);
  return parsedNetwork(text)[0].toString();
}

/** Length of the network's prefix, when the address is in it; undefined otherwise. */
export function prefixAround(candidate: string, within: string): number | undefined {
  const [one, [base, length]] = [ipaddr.process(candidate), parsedNetwork(within)];
  return one.kind() === base.kind() && one.match(base, length) ? length : undefined;
}

/** Whether the network lies in the machine's own loopback. */
export function isLoopback(candidate: string): boolean {
  const [base, length] = parsedNetwork(candidate);
  return base.range() === 'loopback' && length >= 8;
}
