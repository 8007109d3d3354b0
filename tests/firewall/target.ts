/** One thing that a program on the machine may try to reach. */
export interface Target {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  /** Whose address it is tried from, where that is not left to the system. */
  readonly from?: string;
}

/**
 * - `answered`: whoever is there has spoken.
 * - `refused`: the system said no at once.
 * - `silent`: nothing came. Anything else is the system's code for another trouble.
 */
export type Outcome = 'answered' | 'refused' | 'silent' | string;

/** What listeners say to whoever reaches them. */
export const GREETING = 'reached';

/** For a table: `tcp 10.0.0.1 443`. */
export function parseTarget(text: string): Target {
  const [protocol, address = '', port] = text.split(' ');
  if (protocol !== 'tcp' && protocol !== 'udp') throw new Error(`'${text}' begins with neither tcp nor udp`);
  return { protocol, address, port: Number(port) };
}

/** Whether an address stands for a group of machines. */
export function isGroup(address: string): boolean {
  return /^(22[4-9]|23\d)\.|^ff/.test(address);
}
