/**
 * Sends a datagram to each of some UDP ports of one address and prints what came back as JSON. Runs where the outside client
 * is: node udp-scan.ts ADDRESS SOURCE PORT...
 */
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { ScanResult } from './port-scan.ts';

/** Datagrams to each port, one after the other: a lost one is not to hide who would have answered. */
const TRIES = 3;
/** After each. */
const PATIENCE_MS = 1500;

type Answer = 'open' | 'refused' | 'silent';

function tryPort(host: string, address: string, port: number): Promise<Answer> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  let timer: NodeJS.Timeout | undefined;
  const ask = (triesLeft: number): void => {
    socket.send('anybody there?');
    const goOn = (): void => (triesLeft > 1 ? ask(triesLeft - 1) : resolve('silent'));
    timer = setTimeout(goOn, PATIENCE_MS);
  };
  socket.once('message', () => resolve('open'));
  socket.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ECONNREFUSED') resolve('refused');
    else reject(error);
  });
  socket.bind({ address }, () => socket.connect(port, host, () => ask(TRIES)));
  return promise.finally(() => {
    clearTimeout(timer);
    socket.close();
  });
}

const [host = '', from = '', ...ports] = process.argv.slice(2);
const answers = await Promise.all(
  ports.map(async (port) => ({ port: Number(port), answer: await tryPort(host, from, Number(port)) })),
);
const portsThat = (wanted: Answer): number[] =>
  answers
    .filter(({ answer }) => answer === wanted)
    .map(({ port }) => port)
    .sort((a, b) => a - b);
const found: ScanResult = { open: portsThat('open'), refused: portsThat('refused') };
process.stdout.write(JSON.stringify(found));
