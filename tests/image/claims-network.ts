import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ScanResult } from '../harness/outside.ts';
import { facts } from './appliance.ts';
import type { World } from './world.ts';

const { ssh, http, https, gateway, postgresql } = facts.ports;
/** Opened by the test itself, firewall and all, so that a scan which misses an open port is found out. */
const PLANTED = 47_391;
/** Past UFW, whose command takes an emulated machine half a minute each time. `act` is an option of iptables. */
const gap = (act: '-I' | '-D'): string =>
  ['iptables', 'ip6tables']
    .map((program) => `${program} ${act} INPUT -p tcp --dport ${PLANTED} -j ACCEPT`)
    .join(' && ');

export function networkClaims(world: () => World): void {
  const found = new Map<string, ScanResult>();
  beforeAll(async () => {
    const { machine, addresses, client } = world().azure;
    const server = `python3 -m http.server --bind :: --directory /usr/share/doc ${PLANTED}`;
    await machine.succeed(`${gap('-I')} && systemd-run --unit=planted ${server}`);
    await machine.waitForOpenPort(PLANTED);
    const scan = async (family: 'ipv4' | 'ipv6') =>
      found.set(family, await client.scanPorts(addresses[family]));
    await Promise.all([scan('ipv4'), scan('ipv6')]);
  });
  afterAll(async () => {
    await world().azure.machine.succeed(`systemctl stop planted; ${gap('-D')}`);
  });

  test.each(['ipv4', 'ipv6'] as const)(
    'of all TCP ports over %s only three answer, and the planted one',
    (family) => {
      expect(found.get(family)).toEqual({ open: [ssh, http, https, PLANTED], refused: [] });
    },
  );

  test('gateway and database listen on loopback only', async () => {
    const listening = await world().azure.machine.succeed('ss -Hltn');
    const sockets = listening
      .trim()
      .split('\n')
      .map((line) => line.split(/\s+/)[3] ?? '');
    for (const port of [gateway, postgresql]) {
      const found = sockets.filter((socket) => socket.endsWith(`:${port}`));
      expect(found).not.toEqual([]);
      expect(found.filter((socket) => !/^(127\.0\.0\.1|\[::1\]):/.test(socket))).toEqual([]);
    }
  });

  test('a guest reaches nothing outside the network of the test', async () => {
    const said = await world().azure.machine.fail('curl -sS -m 10 http://1.1.1.1/');
    expect(said).toMatch(/curl: \((7|28)\)/);
  });
}
