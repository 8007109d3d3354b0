import type { Program } from '../program.ts';

/** How a peer is called: what the load generators put into every request. */
export interface Door {
  readonly port: number;
  readonly path: string;
  readonly model: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A started server. */
export interface Running {
  /** For calls that are followed to their end. */
  readonly door: Door;
  /** For calls that may be cut when a measurement ends; only ours tells the two apart. */
  readonly cutDoor: Door;
  /** The measured processes; none when the provider is called directly. */
  readonly program: Program | undefined;
}

/** What the load generators did to a peer over all rounds. */
export interface CallCounts {
  /** Answered calls through `door`: every one of them was waited for. */
  readonly whole: number;
  /** Answered calls through `cutDoor`, and how many more may have been under way when they were cut. */
  readonly cut: number;
  readonly cutAtMost: number;
}

/** A peer made ready for the whole session: databases stand, keys exist; it is started anew in every round. */
export interface Lane {
  start(): Running;
  /** Processes that work for the peer but are not its own, such as its database. */
  readonly helpers: readonly number[];
  /** Bytes that its database has written to its log since it was made; left out where there is no database. */
  written?(): Promise<number>;
  /** After the last round: sentences about what was found wrong, none when all is well. */
  finish(calls: CallCounts): Promise<readonly Finding[]>;
}

/** Something checked about a peer beside its speed. */
export interface Finding {
  readonly claim: string;
  readonly holds: boolean;
  readonly seen: string;
}

/** Where a peer finds what it needs and may write. */
export interface Site {
  /** What its `install` filled. */
  readonly installed: string;
  /** Empty and its own; removed after the session. */
  readonly scratch: string;
  /** Takes the output of its programs. */
  readonly log: string;
  readonly providerPort: number;
  readonly port: number;
}

/** One row of the comparison. */
export interface Peer {
  readonly name: string;
  readonly title: string;
  /** Fetches what the peer is made of into the folder; runs before the network is closed. */
  install?(folder: string): Promise<void>;
  open(site: Site): Promise<Lane>;
}
