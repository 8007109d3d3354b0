import { existsSync, readFileSync } from 'node:fs';
import { Failure } from '../failure.ts';

/** systemd-resolved's list of the real servers, and the usual file. */
const LISTS = ['/run/systemd/resolve/resolv.conf', '/etc/resolv.conf'];

/** Name servers of this host that a machine behind its address translation can ask. */
export function hostNameServers(): string[] {
  const found = LISTS.filter(existsSync).map((path) => nameServersIn(readFileSync(path, 'utf8')));
  const servers = found.find((list) => list.length > 0);
  if (servers === undefined) {
    throw new Failure(
      'the build machine cannot be given a name server: this host only has one on its own loopback',
      `add a reachable 'nameserver' line to ${LISTS[1]}`,
    );
  }
  return servers;
}

/** The IPv4 servers of a resolv.conf that are not on loopback. */
export function nameServersIn(resolvConf: string): string[] {
  return resolvConf
    .split('\n')
    .flatMap((line) => /^\s*nameserver\s+(\d+\.\d+\.\d+\.\d+)\s*$/.exec(line)?.[1] ?? [])
    .filter((address) => !address.startsWith('127.'));
}
