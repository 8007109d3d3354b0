import type { Facts } from '../../appliance/index.ts';
import { fingerprintOf } from '../../operator/index.ts';
import { Failure } from '../../packer/index.ts';
import { publishersKey } from './expected-key.ts';
import { rehearsalKeyFile } from './rehearsal-key-file.ts';
import { publisherKey, rehearsalKey, type SigningKey } from './signing-key.ts';

type Passphrase = () => Promise<string | undefined>;

/** The key of a release: the publisher's, and the one that appliance.yaml names. Throws Failure for anything else. */
export async function releaseKey(
  facts: Facts,
  file: string | undefined,
  passphrase: Passphrase,
): Promise<SigningKey> {
  const named = publishersKey(facts);
  if (file === undefined || file === '')
    throw new Failure(
      'a release is signed, and SIGNING_KEY names no key',
      "give SIGNING_KEY=FILE, the publisher's key",
    );
  const key = await publisherKey(file, passphrase);
  if (fingerprintOf(key.publicPem) === fingerprintOf(named)) return key;
  throw new Failure(
    `SIGNING_KEY=${file} is not the key that appliance.yaml names`,
    'sign with that one, or change publisher.publicKey in a commit of its own',
  );
}

/** What `make image` signs with: this checkout's rehearsal key, and the publisher's only inside `make release` (RELEASE=1). */
export async function chooseKey(
  facts: Facts,
  environment: NodeJS.ProcessEnv,
  passphrase: Passphrase,
): Promise<SigningKey> {
  return environment.RELEASE === '1'
    ? releaseKey(facts, environment.SIGNING_KEY, passphrase)
    : rehearsalKey(rehearsalKeyFile);
}
