import type { IncomingMessage } from 'node:http';

/** The edge's addresses, in all forms that a socket may show: the only sender whose word about a client counts. */
const EDGE = new Set(['127.0.0.1', '::ffff:127.0.0.1', '::1']);

/** Whether it is the edge that sends from this address. */
export const isEdge = (address: string): boolean => EDGE.has(address);

/** The address of who sent the request: the edge's word for it, else that of the connection; null when that is gone. */
export function clientAddress({ socket, headers }: IncomingMessage): string | null {
  const sender = socket.remoteAddress ?? null;
  if (sender === null || !EDGE.has(sender)) return sender;
  const forwarded = headers['x-forwarded-for'];
  if (forwarded === undefined) return sender;
  const named = String(forwarded).split(',');
  return (named.findLast((address) => !EDGE.has(address.trim())) ?? named[0] ?? sender).trim();
}
