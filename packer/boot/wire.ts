import type { Socket } from 'node:net';

/** An address of a machine or of something it talks to, in both families. */
export interface Addresses {
  readonly ipv4: string;
  readonly ipv6: string;
}

/** How one machine is wired to the world around it. */
export interface Wire {
  /** QEMU's -netdev value; its id is `wire`. */
  readonly netdev: string;
  readonly mac: string;
  /** What QEMU has to be started with, for example to be inside a namespace. */
  readonly launcher: readonly string[];
  /** The interface's part of NoCloud's network-config (version 2). */
  readonly networkConfig: object;
  /** Opens a TCP connection to a port of the machine, as somebody outside it. */
  connect(port: number, timeoutMs?: number): Promise<Socket>;
}
