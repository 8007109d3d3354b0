/**
 * Tries the TCP ports of one address up to LAST and prints what answered as JSON. Runs where the outside client is:
 * node port-scan.ts ADDRESS SOURCE LAST
 */
import { connect } from 'node:net';

/** Long enough for the kernel's first retransmission, so that one lost packet does not hide an open port. */
const PATIENCE_MS = 2500;
/** So few that opening them all takes no noticeable part of that patience. */
const AT_ONCE = 2048;

export interface ScanResult {
  readonly open: readonly number[];
  /** Ports whose host said no instead of nothing. */
  readonly refused: readonly number[];
}

type Answer = 'open' | 'refused' | 'silent';

function tryPort(host: string, localAddress: string, port: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, localAddress });
    const settle = (answer: Answer): void => {
      clearTimeout(patience);
      socket.destroy();
      resolve(answer);
    };
    // Behind the answers that have come meanwhile: a busy machine may give this process no turn for as long.
    const patience = setTimeout(() => setImmediate(settle, 'silent'), PATIENCE_MS);
    socket.once('connect', () => settle('open'));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') settle('refused');
      else if (error.code === 'ETIMEDOUT') settle('silent');
      else reject(error);
    });
  });
}

async function scan(host: string, from: string, last: number): Promise<ScanResult> {
  const found: Record<Answer, number[]> = { open: [], refused: [], silent: [] };
  let next = 1;
  const worker = async (): Promise<void> => {
    while (next <= last) {
      const port = next++;
      found[await tryPort(host, from, port)].push(port);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const ascending = (ports: number[]): number[] => ports.sort((a, b) => a - b);
  return { open: ascending(found.open), refused: ascending(found.refused) };
}

const [host = '', from = '', last] = process.argv.slice(2);
process.stdout.write(JSON.stringify(await scan(host, from, Number(last))));
