import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Facts } from '../../appliance/index.ts';
import { fingerprintOf } from '../../operator/index.ts';
import { Failure } from '../../packer/index.ts';
import { evidenceNames } from './signed-evidence.ts';
import { rehearsalKey } from './signing-key.ts';

/** The publisher's public key. Throws Failure while appliance.yaml names none. */
export function publishersKey({ publisher }: Facts): string {
  if (publisher?.publicKey !== undefined) return publisher.publicKey;
  throw new Failure(
    'appliance.yaml does not name the key that releases are signed with',
    'write its public part, as PEM, into publisher.publicKey',
  );
}

/**
 * The key that the evidence in a directory has to be signed with: the publisher's for a release and for what claims to be
 * his, and this checkout's rehearsal key for anything else. The key that lies there only says what is claimed.
 */
export function expectedKey(
  facts: Facts,
  directory: string,
  options: { readonly release: boolean; readonly rehearsalKeyFile: string },
): string {
  if (options.release) return publishersKey(facts);
  const claimed = join(directory, evidenceNames.publicKey);
  const publisher = facts.publisher?.publicKey;
  const isPublishers =
    publisher !== undefined &&
    existsSync(claimed) &&
    fingerprintOf(readFileSync(claimed, 'utf8')) === fingerprintOf(publisher);
  return isPublishers ? publisher : rehearsalKey(options.rehearsalKeyFile).publicPem;
}
