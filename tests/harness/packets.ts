/** What a capture holds, read from its bytes, and with whom a machine has spoken on its own account. */

/** One frame on the wire, as far as it tells who speaks with whom. */
export interface Packet {
  readonly sourceMac: string;
  readonly targetMac: string;
  /** `tcp`, `udp`, `icmp`, `icmp6`, `igmp`, `arp`, or the number of a protocol that nobody here speaks. */
  readonly protocol: string;
  readonly source: string;
  readonly target: string;
  readonly sourcePort?: number;
  readonly targetPort?: number;
  /** TCP: the first packet of a connection. */
  readonly opens?: boolean;
  /** ICMP: what kind of message. */
  readonly kind?: number;
}

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const ETHERNET = 1;
const MICROSECONDS = 0xa1b2c3d4;
const protocols: Readonly<Record<number, string>> = {
  1: 'icmp',
  2: 'igmp',
  6: 'tcp',
  17: 'udp',
  58: 'icmp6',
};
/** Headers of IPv6 that stand before the one of the protocol. */
const extensions = [0, 43, 60];
const FRAGMENT = 44;

/** Reads a capture as tcpdump writes it on this machine; a last record that is still being written is left out. */
export function readCapture(bytes: Buffer): Packet[] {
  if (bytes.length < FILE_HEADER) return [];
  if (bytes.readUInt32LE(0) !== MICROSECONDS || bytes.readUInt32LE(20) !== ETHERNET)
    throw new Error('not a capture of Ethernet frames as tcpdump writes it');
  const packets: Packet[] = [];
  for (let at = FILE_HEADER; at + RECORD_HEADER <= bytes.length; ) {
    const kept = bytes.readUInt32LE(at + 8);
    const frame = bytes.subarray(at + RECORD_HEADER, at + RECORD_HEADER + kept);
    at += RECORD_HEADER + kept;
    if (at > bytes.length) break;
    packets.push(readFrame(frame));
  }
  return packets;
}

function readFrame(frame: Buffer): Packet {
  const macs = { sourceMac: mac(frame, 6), targetMac: mac(frame, 0) };
  const type = frame.readUInt16BE(12);
  const packet = frame.subarray(14);
  switch (type) {
    case 0x0800:
      return { ...macs, ...readIPv4(packet) };
    case 0x86dd:
      return { ...macs, ...readIPv6(packet) };
    case 0x0806:
      return { ...macs, protocol: 'arp', source: '', target: '' };
    default:
      return { ...macs, protocol: `ethernet 0x${type.toString(16)}`, source: '', target: '' };
  }
}

type Spoken = Omit<Packet, 'sourceMac' | 'targetMac'>;

function readIPv4(packet: Buffer): Spoken {
  const [source, target] = [12, 16].map((at) => packet.subarray(at, at + 4).join('.')) as [string, string];
  const number = packet.readUInt8(9);
  // Only the first fragment has ports; the others go the same way.
  const first = (packet.readUInt16BE(6) & 0x1fff) === 0;
  const rest = first ? packet.subarray((packet.readUInt8(0) & 0x0f) * 4) : Buffer.alloc(0);
  return { source, target, ...readTransport(number, rest) };
}

function readIPv6(packet: Buffer): Spoken {
  const [source, target] = [8, 24].map((at) => ipv6(packet.subarray(at, at + 16))) as [string, string];
  let number = packet.readUInt8(6);
  let rest = packet.subarray(40);
  while ((extensions.includes(number) || number === FRAGMENT) && rest.length >= 8) {
    const length = number === FRAGMENT ? 8 : (rest.readUInt8(1) + 1) * 8;
    const first = number !== FRAGMENT || (rest.readUInt16BE(2) & 0xfff8) === 0;
    number = rest.readUInt8(0);
    rest = first ? rest.subarray(length) : Buffer.alloc(0);
  }
  return { source, target, ...readTransport(number, rest) };
}

function readTransport(number: number, rest: Buffer): Pick<Packet, 'protocol'> & Partial<Packet> {
  const protocol = protocols[number] ?? `ip ${number}`;
  if ((protocol === 'icmp' || protocol === 'icmp6') && rest.length > 0)
    return { protocol, kind: rest.readUInt8(0) };
  if ((protocol !== 'tcp' && protocol !== 'udp') || rest.length < 4) return { protocol };
  const ports = { sourcePort: rest.readUInt16BE(0), targetPort: rest.readUInt16BE(2) };
  if (protocol === 'udp' || rest.length < 14) return { protocol, ...ports };
  const [synchronise, acknowledge] = [0x02, 0x10].map((flag) => (rest.readUInt8(13) & flag) !== 0);
  return { protocol, ...ports, opens: synchronise === true && acknowledge === false };
}

function mac(frame: Buffer, at: number): string {
  return [...frame.subarray(at, at + 6)].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** As `URL` writes it: the one spelling of RFC 5952. */
function ipv6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}
