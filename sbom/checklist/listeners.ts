import { lines, NotRun } from './look.ts';
import type { Guest } from './subject.ts';

/** A socket that waits for others. */
export interface Listener {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
}

/** Addresses that only the machine itself reaches. */
export const LOOPBACK = /^(127\.|\[::1\]|::1|\[::ffff:127\.)/;

/** Everything that listens in a machine. Throws NotRun when nothing does: then nobody has looked. */
export async function listeners(guest: Guest): Promise<Listener[]> {
  const found = (await lines(guest, 'ss -Hlntu')).map((line): Listener => {
    const [protocol = '', , , , local = ''] = line.split(/\s+/);
    const colon = local.lastIndexOf(':');
    return {
      protocol: protocol === 'udp' ? 'udp' : 'tcp',
      address: local.slice(0, colon).replace(/%.*$/, ''),
      port: Number(local.slice(colon + 1)),
    };
  });
  if (found.length === 0) throw new NotRun('nothing listens: ss has not looked');
  return found;
}
