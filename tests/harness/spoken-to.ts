import type { Packet } from './packets.ts';

/**
 * Messages by which neighbours on one link find each other, and those that say that something did not arrive: neither
 * carries data of the machine anywhere. ICMPv6: errors, router and neighbour discovery, multicast listeners.
 */
const LINK_KINDS: Readonly<Record<string, readonly number[]>> = {
  icmp: [0, 3, 11],
  icmp6: [1, 2, 3, 4, 129, 131, 132, 133, 135, 136, 143],
};
const LINK_PROTOCOLS = ['arp', 'igmp'];

/**
 * Whom a machine has spoken to on its own account: `tcp 203.0.113.10 443`, each once, in the order of their first packets.
 * What it says in answer to somebody who began is no word of its own.
 */
export function spokenTo(packets: readonly Packet[], machine: string): string[] {
  const began = new Map<string, string>();
  const found = new Set<string>();
  for (const packet of packets) {
    const { sourceMac, protocol, source, target, sourcePort, targetPort, opens } = packet;
    const ends = [`${source} ${sourcePort ?? ''}`, `${target} ${targetPort ?? ''}`].sort();
    const talk = `${protocol} ${ends.join(' ')}`;
    if (opens === true || !began.has(talk)) began.set(talk, sourceMac);
    if (sourceMac !== machine || began.get(talk) !== machine || ofTheLink(packet)) continue;
    found.add([protocol, target, targetPort].filter((part) => part !== undefined && part !== '').join(' '));
  }
  return [...found];
}

function ofTheLink({ protocol, kind }: Packet): boolean {
  if (LINK_PROTOCOLS.includes(protocol)) return true;
  return kind !== undefined && LINK_KINDS[protocol]?.includes(kind) === true;
}
