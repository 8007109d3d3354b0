/**
 * Runs inside a network namespace and hands sockets opened there to its parent over IPC: a socket belongs to the
 * namespace it was made in, whoever holds it. See Network, which starts it.
 */
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { connect, createServer, isIPv6, type Server, type Socket } from 'node:net';
import type { DoorAnswer, DoorOrder } from './network-orders.ts';

function hand(answer: DoorAnswer, socket?: Socket | Server | DatagramSocket, sent?: () => void): void {
  process.send?.(answer, socket, {}, sent);
}

function open(order: DoorOrder): void {
  const { id, host, port } = order;
  const refuse = ({ code }: NodeJS.ErrnoException): void => hand({ id, error: code ?? 'EUNKNOWN' });
  if (order.kind === 'listen') {
    const server = createServer({ pauseOnConnect: true });
    server.once('error', refuse).listen({ host, port }, () => hand({ id }, server, () => server.close()));
    return;
  }
  if (order.kind === 'bind') {
    const bound = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    bound.once('error', refuse).bind(port, host, () => hand({ id }, bound, () => bound.close()));
    return;
  }
  const socket = connect({ host, port, localAddress: order.from }).pause();
  const giveUp = setTimeout(
    () => socket.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })),
    order.timeoutMs,
  );
  socket.once('error', refuse).once('close', () => clearTimeout(giveUp));
  socket.once('connect', () => {
    clearTimeout(giveUp);
    hand({ id }, socket);
  });
}

process.on('message', open);
process.on('disconnect', () => process.exit(0));
hand({ id: 0 });
