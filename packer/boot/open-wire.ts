import { connect, type Socket } from 'node:net';
import type { Wire } from './wire.ts';

const LOOPBACK = '127.0.0.1';

/**
 * A wire to the real network, by QEMU's own NAT: the machine reaches out, and only the given ports lead in, from this
 * machine's loopback. `ports` maps the machine's ports to ours.
 */
export function openWire(ports: Readonly<Record<number, number>>): Wire {
  return natWire(ports, []);
}

/** The same, but the machine reaches nothing: what it does cannot depend on where it was tried. */
export function closedWire(ports: Readonly<Record<number, number>>): Wire {
  return natWire(ports, ['restrict=on']);
}

function natWire(ports: Readonly<Record<number, number>>, options: readonly string[]): Wire {
  const forwards = Object.entries(ports).map(([guest, host]) => `hostfwd=tcp:${LOOPBACK}:${host}-:${guest}`);
  return {
    netdev: ['user', 'id=wire', ...options, ...forwards].join(','),
    mac: '52:54:00:00:02:10',
    launcher: [],
    networkConfig: { dhcp4: true },
    connect: (port, timeoutMs = 10_000) => connectTo(ports[port], port, timeoutMs),
  };
}

function connectTo(hostPort: number | undefined, port: number, timeoutMs: number): Promise<Socket> {
  if (hostPort === undefined) return Promise.reject(new Error(`port ${port} is not forwarded`));
  return new Promise((resolve, reject) => {
    const socket = connect({ host: LOOPBACK, port: hostPort, timeout: timeoutMs });
    socket.once('error', reject);
    socket.once('timeout', () => socket.destroy(new Error(`no connection within ${timeoutMs / 1000} s`)));
    socket.once('connect', () => {
      socket.off('error', reject).setTimeout(0).removeAllListeners('timeout');
      resolve(socket);
    });
  });
}
