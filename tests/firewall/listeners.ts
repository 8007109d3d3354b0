/** Answers at every target given as JSON, and prints `ready` when all of them are open: node listeners.ts TARGETS */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { addresses } from '../harness/network.ts';
import { GREETING, isGroup, type Target } from './target.ts';

/** The interface that groups are joined on: where the guest's wire ends. */
const GUESTS = { udp4: addresses.router.ipv4, udp6: '::%guests' } as const;

async function open({ protocol, address, port }: Target): Promise<void> {
  if (protocol === 'tcp') {
    const server = createServer((socket) => socket.on('error', () => {}).end(GREETING));
    await once(server.listen(port, address), 'listening');
    return;
  }
  const type = address.includes(':') ? 'udp6' : 'udp4';
  const socket = createSocket(type);
  socket.on('message', (_message, from) => socket.send(GREETING, from.port, from.address));
  socket.bind(port, address);
  await once(socket, 'listening');
  if (isGroup(address)) socket.addMembership(address.replace(/%.*/, ''), GUESTS[type]);
}

const targets = JSON.parse(process.argv[2] ?? '[]') as Target[];
await Promise.all(targets.map(open));
process.stdout.write('ready\n');
process.stdin.resume().on('end', () => process.exit(0));
