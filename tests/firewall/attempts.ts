/**
 * Tries every target given as JSON with plain sockets, and prints the outcomes in order: node attempts.ts TARGETS [PATIENCE_MS],
 * where the second is how long nothing has to come until that is called silence.
 */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { isGroup, type Outcome, type Target } from './target.ts';

/** Longer than the kernel's first retransmission takes. */
const patience = Number(process.argv[3] ?? 2500);
/** A reset or an ICMP message in the network's name, or the firewall's own word to whoever sends. */
const REFUSALS = ['ECONNREFUSED', 'EPERM'];

function attempt({ protocol, address, port, from }: Target): Promise<Outcome> {
  return new Promise((resolve) => {
    // Behind the answers that have come meanwhile: a busy machine may give this process no turn for as long.
    setTimeout(() => setImmediate(resolve, 'silent'), patience);
    const failed = ({ code, message }: NodeJS.ErrnoException): void =>
      resolve(code !== undefined && REFUSALS.includes(code) ? 'refused' : (code ?? message));
    if (protocol === 'tcp') {
      connect({ host: address, port, ...(from === undefined ? {} : { localAddress: from }) })
        .on('error', failed)
        .on('data', () => resolve('answered'));
      return;
    }
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    socket.on('error', failed).on('message', () => resolve('answered'));
    const sent = (error: Error | null): void => {
      if (error !== null) failed(error);
    };
    if (isGroup(address)) {
      socket.send('hello', port, address, sent);
      return;
    }
    // Connected, so that a refusal by the kernel is told to us.
    socket.connect(port, address, (error?: Error) => (error ? failed(error) : socket.send('hello', sent)));
  });
}

const targets = JSON.parse(process.argv[2] ?? '[]') as Target[];
process.stdout.write(JSON.stringify(await Promise.all(targets.map(attempt))), () => process.exit(0));
