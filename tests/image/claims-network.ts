import { afterAll, beforeAll, expect, test } from 'vitest';
import { quote } from 'zx';
import type { ScanResult } from '../harness/outside.ts';
import { facts } from './appliance.ts';
import type { World } from './world.ts';

const { ssh, http, https, gateway, postgresql } = facts.ports;
/** Opened by the test itself, firewall and all, so that a scan which misses an open port is found out. */
const PLANTED = 47_391;
/** Behind the firewall somebody listens here, too, who would answer every datagram. */
const SHUT = 47_392;
/** Where services listen that answer whoever asks, on machines that let him. */
const DATAGRAM_PORTS = [
  ...[53, 67, 68, 69, 80, 111, 123, 137, 138, 161, 389, 443, 500, 514, 546, 623, 631, 1194, 1434, 1900],
  ...[2049, 3478, 4000, 4500, 5060, 5353, 5355, 5432, 11_211, 51_820],
];
/** Past UFW, whose command takes an emulated machine half a minute each time. `act` is an option of iptables. */
const gap = (act: '-I' | '-D'): string =>
  ['iptables', 'ip6tables']
    .flatMap((program) =>
      ['tcp', 'udp'].map((how) => `${program} ${act} INPUT -p ${how} --dport ${PLANTED} -j ACCEPT`),
    )
    .join(' && ');
/** Sends every datagram back to where it came from. */
const echo = `
import selectors, socket
listening = selectors.DefaultSelector()
for port in (${PLANTED}, ${SHUT}):
    one = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    one.bind(("::", port))
    listening.register(one, selectors.EVENT_READ)
while True:
    for key, _ in listening.select():
        key.fileobj.sendto(*key.fileobj.recvfrom(100))
`;

export function networkClaims(world: () => World): void {
  const found = new Map<string, ScanResult>();
  const foundByDatagram = new Map<string, ScanResult>();
  beforeAll(async () => {
    const { machine, addresses, client } = world().azure;
    const server = `python3 -m http.server --bind :: --directory /usr/share/doc ${PLANTED}`;
    await machine.succeed(`${gap('-I')} && systemd-run --unit=planted ${server}`);
    await machine.succeed(`systemd-run --unit=planted-udp python3 -c ${quote(echo)}`);
    await machine.waitForOpenPort(PLANTED);
    const both = `until test "$(ss -Hlun 'sport = :${PLANTED} or sport = :${SHUT}' | wc -l)" = 2; do sleep 1; done`;
    await machine.succeed(both);
    const scan = async (family: 'ipv4' | 'ipv6') => {
      found.set(family, await client.scanPorts(addresses[family]));
      const udpPorts = [...DATAGRAM_PORTS, SHUT, PLANTED];
      foundByDatagram.set(family, await client.scanUdpPorts(addresses[family], udpPorts));
    };
    await Promise.all([scan('ipv4'), scan('ipv6')]);
  });
  afterAll(async () => {
    await world().azure.machine.succeed(`systemctl stop planted planted-udp; ${gap('-D')}`);
  });

  test.each(['ipv4', 'ipv6'] as const)(
    'of all TCP ports over %s only three answer, and the planted one',
    (family) => {
      expect(found.get(family)).toEqual({ open: [ssh, http, https, PLANTED], refused: [] });
    },
  );

  test.each(['ipv4', 'ipv6'] as const)(
    'no UDP port over %s answers but the planted one, nor does any refuse, though somebody listens behind the firewall',
    (family) => {
      expect(foundByDatagram.get(family)).toEqual({ open: [PLANTED], refused: [] });
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
