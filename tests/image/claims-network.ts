import { expect, test } from 'vitest';
import { facts } from './appliance.ts';
import type { World } from './world.ts';

const { ssh, http, https, gateway, postgresql } = facts.ports;
const PLANTED = 47_391;

export function networkClaims(world: () => World): void {
  test.each(['ipv4', 'ipv6'] as const)('of all TCP ports over %s only three answer', async (family) => {
    const { addresses, client } = world().plain;
    expect(await client.scanPorts(addresses[family])).toEqual({ open: [ssh, http, https], refused: [] });
  });

  test.each(['ipv4', 'ipv6'] as const)(
    'the scan sees a port that is opened on purpose over %s',
    async (family) => {
      const { machine, addresses, client } = world().plain;
      const server = `import socket; s = socket.create_server(('::', ${PLANTED}), family=socket.AF_INET6, dualstack_ipv6=True); s.accept()`;
      await machine.succeed(`ufw allow ${PLANTED}/tcp`);
      await machine.succeed(`systemd-run --unit=planted python3 -c "${server}"`);
      try {
        await machine.waitForOpenPort(PLANTED);
        const range = { first: PLANTED - 100, last: PLANTED + 100 };
        expect(await client.scanPorts(addresses[family], range)).toEqual({ open: [PLANTED], refused: [] });
      } finally {
        await machine.succeed(`systemctl stop planted; ufw delete allow ${PLANTED}/tcp`);
      }
    },
  );

  test('gateway and database listen on loopback only', async () => {
    const listening = await world().plain.machine.succeed('ss -Hltn');
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
    const said = await world().plain.machine.fail('curl -sS -m 10 http://1.1.1.1/');
    expect(said).toMatch(/curl: \((7|28)\)/);
  });
}
