import type { FileSystem, MachineFacts, RunProgram } from '../appliance/index.ts';
import type { MetadataAccess } from './clouds/metadata-client.ts';

/** The database server of the machine, as its service manager starts and stops it. */
export interface DatabaseServer {
  start(): Promise<void>;
  /** Succeeds when the server was not running. */
  stop(): Promise<void>;
}

/** Everything first boot touches besides its own memory; the real one is made in host.ts. */
export interface Machine {
  readonly facts: MachineFacts;
  readonly fs: FileSystem;
  readonly run: RunProgram;
  /** From the kernel's generator. */
  randomBytes(size: number): Buffer;
  now(): Date;
  hostName(): string;
  /** Addresses of the interfaces that are up, loopback and link-local left out, IPv4 first. */
  localAddresses(): readonly string[];
  readonly database: DatabaseServer;
  readonly metadata: MetadataAccess;
  /** Makes nginx read its certificate again if it is running. */
  reloadEdge(): Promise<void>;
  /** One line about what is being done; never a secret. */
  say(line: string): void;
}
