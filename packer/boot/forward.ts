import { createServer, type Server, type Socket } from 'node:net';
import type { Wire } from './wire.ts';

const LOOPBACK = '127.0.0.1';

/** The wished port when it is free on loopback, else any free one. */
export async function freePort(wished: number): Promise<number> {
  const probe = createServer();
  try {
    return await listening(probe, wished);
  } catch {
    return await listening(probe, 0);
  } finally {
    await new Promise((resolve) => probe.close(resolve));
  }
}

/** Makes a port of the machine answer on this machine's loopback. */
export async function forward(wire: Wire, hostPort: number, guestPort: number): Promise<Server> {
  const server = createServer((near) => {
    wire.connect(guestPort).then(
      (far) => join(near, far),
      () => near.destroy(),
    );
  });
  await listening(server, hostPort);
  return server;
}

function listening(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, LOOPBACK, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function join(near: Socket, far: Socket): void {
  for (const [from, to] of [
    [near, far],
    [far, near],
  ] as const) {
    from.on('error', () => to.destroy()).on('close', () => to.destroy());
    from.pipe(to);
  }
}
