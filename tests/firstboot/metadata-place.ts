/** On a bare machine: the addresses at which clouds answer, as the machine's own. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { mustRun, runProgram } from '../../appliance/index.ts';

/** Where every cloud answers, whatever it has besides. */
export const USUAL_PLACE = '169.254.169.254';

/** Where machines have their network in these tests. */
const LINK = 'eth0';

const ip = (...args: string[]) => mustRun(runProgram, 'ip', args);

/** A link-local address of IPv6 together with its interface; any other as it is. */
function withLink(host: string): string {
  return host.startsWith('fe80:') ? `${host}%${LINK}` : host;
}

/** Makes the address the machine's own, where nobody listens yet: it refuses at once, on whatever link. */
export async function own(host: string): Promise<void> {
  const isIpv6 = host.includes(':');
  const device = withLink(host) === host ? 'lo' : LINK;
  const where = `${host}/${isIpv6 ? 128 : 32}`;
  await ip('address', 'replace', where, 'dev', device, ...(isIpv6 ? ['nodad'] : []));
  await hasRoute(withLink(host));
}

/** The kernel makes an address of IPv6 reachable some time after it has given it. */
async function hasRoute(host: string): Promise<void> {
  const [address = host, link] = host.split('%');
  const question = ['route', 'get', address, ...(link === undefined ? [] : ['oif', link])];
  for (let look = 0; look < 200; look++) {
    const { stdout } = await runProgram('ip', question);
    if (stdout.startsWith('local ')) return;
    await setTimeout(50);
  }
  throw new Error(`${host} is the machine's own, and has no route`);
}

/** Listens on port 80 of these addresses, which the machine is given for it. */
export async function listenAt(hosts: readonly string[]): Promise<Server[]> {
  const servers: Server[] = [];
  for (const host of hosts) {
    await own(host);
    const server = createServer().listen(80, withLink(host));
    await once(server, 'listening');
    servers.push(server);
  }
  return servers;
}

/** Answers go no further than one hop, as those of EC2 with a token do. */
export async function limitHops(): Promise<void> {
  const settings = [
    'net.ipv4.ip_default_ttl=1',
    `net.ipv6.conf.${LINK}.hop_limit=1`,
    'net.ipv6.conf.lo.hop_limit=1',
  ];
  await mustRun(runProgram, 'sysctl', ['-qw', ...settings]);
}
