import ipaddr from 'ipaddr.js';
import { type Destination, hostRange } from './egress-file.ts';
import { OperatorError } from './operator.ts';

const EVERYWHERE = [
  { family: 'ipv4', range: '0.0.0.0/0' },
  { family: 'ipv6', range: '::/0' },
] as const;

const LOOPBACK = [
  { family: 'ipv4', range: '127.0.0.1/32' },
  { family: 'ipv6', range: '::1/128' },
] as const;

/**
 * Where the gateway's database is, by its URL. One that is given by name gets its port on every address: managed servers
 * change theirs when they fail over, and a rule for the old one would keep the gateway from the new one.
 */
export function databaseDestinations(url: string, usualPort: number): Destination[] {
  const { host, port } = placeOf(url, usualPort);
  if (host.startsWith('/')) return [];
  if (host === 'localhost' || host === '') return LOOPBACK.map((place) => ({ ...place, port }));
  if (!ipaddr.isValid(host)) return EVERYWHERE.map((place) => ({ ...place, port }));
  const address = ipaddr.process(host);
  return [{ family: address.kind(), range: hostRange(address.toString()), port }];
}

function placeOf(url: string, usualPort: number): { host: string; port: number } {
  const parsed = URL.parse(url);
  if (parsed === null) {
    // Never the URL itself: it holds a password.
    throw new OperatorError(
      'DATABASE_URL is not a URL, so the firewall cannot let the gateway reach it',
      'write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE',
    );
  }
  const host = parsed.searchParams.get('host') ?? decodeURIComponent(parsed.hostname);
  const port = parsed.searchParams.get('port') ?? parsed.port;
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? usualPort : Number(port) };
}
