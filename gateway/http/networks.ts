import { BlockList, isIP } from 'node:net';
import type { Network } from '../config/network-rules.ts';

/** Loopback: whoever calls from there is on the machine. */
export const MACHINE_ITSELF: readonly Network[] = [
  { address: '127.0.0.0', prefix: 8, family: 'ipv4' },
  { address: '::1', prefix: 128, family: 'ipv6' },
];

const lengths = { ipv4: 32, ipv6: 128 } as const;

function familyOf(address: string): Network['family'] | null {
  const version = isIP(address);
  return version === 0 ? null : version === 4 ? 'ipv4' : 'ipv6';
}

/** Reads `198.51.100.7`, `2001:db8::7` or either with `/` and a length; null when the text is none of them. */
export function readNetwork(text: string): Network | null {
  const [address = '', length, ...more] = text.trim().split('/');
  const family = familyOf(address);
  if (family === null || address.includes('%') || more.length > 0) return null;
  if (length === undefined) return { address, prefix: lengths[family], family };
  const prefix = /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
  return prefix <= lengths[family] ? { address, prefix, family } : null;
}

/** A set of addresses; one of IPv4 is the same in IPv6's clothes. */
export class Networks {
  readonly #list = new BlockList();

  constructor(networks: readonly Network[]) {
    for (const { address, prefix, family } of networks) this.#list.addSubnet(address, prefix, family);
  }

  /** Whether the address is in one of them; what is no address is in none. */
  include(address: string): boolean {
    const family = familyOf(address);
    return family !== null && this.#list.check(address, family);
  }
}
