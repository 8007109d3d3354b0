import type { Facts } from '../appliance/index.ts';
import type { Log } from '../packer/index.ts';
import type { PublishedArtefact } from './artefact.ts';
import type { Calls } from './calls.ts';
import type { Dialect } from './trouble.ts';

/** What came of publishing: ids that a person needs in the portal. */
export interface Publication {
  /** The image version of this content was there already. */
  readonly already: boolean;
  /** What to call it, and its id. */
  readonly ids: Readonly<Record<string, string>>;
}

/** What a cloud publishes with. */
export interface Context {
  readonly artefact: PublishedArtefact;
  readonly facts: Facts;
  readonly calls: Calls;
  readonly log: Log;
  /** Where a broken upload is remembered; undefined where no call is made. */
  readonly memory: string;
}

/** A cloud, as it is set up in the environment. */
export interface Cloud {
  readonly dialect: Dialect;
  /** Every address that the image is sent to, or something of it. */
  readonly endpoints: readonly string[];
  /** Where the library changes what the environment holds into a token; empty where that is sent to the endpoints as it is. */
  readonly identity: readonly string[];
  /** Uploads, verifies and registers the image, unless that is done already. */
  publish(context: Context): Promise<Publication>;
}

/** Sets a cloud up; `dry` has missing settings printed by their names. */
export type OpenCloud = (environment: NodeJS.ProcessEnv, dry: boolean) => Cloud;
