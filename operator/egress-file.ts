import ipaddr from 'ipaddr.js';
import { linkLocalRanges, metadataHosts } from '../appliance/index.ts';
import { OperatorError } from './operator.ts';

export type Family = 'ipv4' | 'ipv6';

/** What the gateway may reach besides the DNS and HTTPS that it reaches anyway; always by TCP. */
export interface Destination {
  readonly family: Family;
  /** In CIDR notation, without bits beyond the prefix. */
  readonly range: string;
  /** Unset: every port. */
  readonly port?: number;
}

const MAX_PORT = 65_535;
const LINE =
  /^allow\s+(?:\[(?<bracketed>[^\]\s]+)\]|(?<plain>[0-9.]+(?:\/\d+)?|[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*(?:\/\d+)?))(?::(?<port>\d+))?$/i;
const FORMS = "'allow 10.0.0.0/8', 'allow 10.1.2.3:3128' or 'allow [fd00::/8]:8443'";

/** Understands the operator's file. Throws OperatorError naming every wrong line and what would be right. */
export function parseEgressFile(text: string, path: string): Destination[] {
  const destinations: Destination[] = [];
  const faults: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const statement = line.replace(/#.*/, '').trim();
    if (statement === '') continue;
    const result = parseLine(statement);
    if (typeof result === 'string') faults.push(`line ${index + 1}: ${result}`);
    else destinations.push(result);
  }
  if (faults.length > 0) {
    throw new OperatorError(
      `${path}: ${faults.join('\n  ')}`,
      `correct ${path}, then: litellm-ctl access egress; until then nothing has changed`,
    );
  }
  return destinations;
}

/** The destination that a line allows, or what is wrong with it. */
function parseLine(statement: string): Destination | string {
  const { bracketed, plain, port } = LINE.exec(statement)?.groups ?? {};
  const written = bracketed ?? plain;
  if (written === undefined)
    return `'${statement}' is not understood; write ${FORMS}, addresses and no names`;
  const range = parseRange(written);
  if (typeof range === 'string') return range;
  const destination = { family: range[0].kind(), range: `${range[0]}/${range[1]}` };
  if (port === undefined) return destination;
  if (Number(port) < 1 || Number(port) > MAX_PORT)
    return `port ${port}: write a number from 1 to ${MAX_PORT}`;
  return { ...destination, port: Number(port) };
}

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

function parseRange(written: string): Range | string {
  const [address = '', bits] = written.split('/');
  const isFourParts = ipaddr.IPv4.isValidFourPartDecimal(address);
  if (!isFourParts && !ipaddr.IPv6.isValid(address)) return `'${written}' is not an address`;
  const parsed = ipaddr.parse(address);
  if (parsed instanceof ipaddr.IPv6 && parsed.isIPv4MappedAddress())
    return `'${written}' is an IPv4 address in IPv6 clothes; write ${parsed.toIPv4Address()}`;
  const most = parsed.kind() === 'ipv4' ? 32 : 128;
  const prefix = bits === undefined ? most : Number(bits);
  if (prefix > most) return `/${bits}: write a prefix of at most /${most}`;
  const network = networkOf(parsed, prefix);
  if (network.toString() !== parsed.toString())
    return `'${written}' has bits beyond its prefix; write ${network}/${prefix}, or ${parsed} for the one address`;
  if (isNever(network, prefix))
    return `'${written}' is where metadata services and link-local neighbours are, which the gateway never reaches; remove the line`;
  return [network, prefix];
}

function networkOf(address: ipaddr.IPv4 | ipaddr.IPv6, prefix: number): ipaddr.IPv4 | ipaddr.IPv6 {
  const cidr = `${address}/${prefix}`;
  return address.kind() === 'ipv4'
    ? ipaddr.IPv4.networkAddressFromCIDR(cidr)
    : ipaddr.IPv6.networkAddressFromCIDR(cidr);
}

/** A range that merely contains such addresses is taken: the rules keep them closed. */
function isNever(network: ipaddr.IPv4 | ipaddr.IPv6, prefix: number): boolean {
  const never = [...linkLocalRanges, ...metadataHosts.map(hostRange)].map((range) => ipaddr.parseCIDR(range));
  return never.some(
    ([closed, bits]) =>
      closed.kind() === network.kind() && prefix >= bits && network.match([closed, bits] as never),
  );
}

/** An address as the range that holds it alone. */
export function hostRange(address: string): string {
  return `${address}/${address.includes(':') ? 128 : 32}`;
}
