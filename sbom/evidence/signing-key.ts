import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { readPublicKey } from '../../operator/index.ts';
import { Failure } from '../../packer/index.ts';

/** A key that manifests are signed with: ECDSA over P-256, as cosign has it. */
export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicPem: string;
  /** True for a key that stands for nobody. */
  readonly rehearsal: boolean;
}

/** The key of this checkout, made at its first use; it never leaves it and vouches for nothing. */
export function rehearsalKey(file: string): SigningKey {
  if (!existsSync(file)) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  }
  return signingKey(createPrivateKey(readFileSync(file)), true);
}

/**
 * The publisher's key. Throws Failure for a file that holds none that can be used. `passphrase` is asked only for an
 * encrypted one.
 */
export async function publisherKey(
  file: string,
  passphrase: () => Promise<string | undefined>,
): Promise<SigningKey> {
  const pem = readKeyFile(file);
  try {
    return signingKey(createPrivateKey({ key: pem, ...(await decryption(pem, file, passphrase)) }), false);
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw new Failure(
      `SIGNING_KEY=${file} cannot be used: ${(cause as Error).message}`,
      'give a PEM file with an ECDSA key over P-256 (openssl ecparam -genkey -name prime256v1, openssl pkcs8 -topk8) ' +
        'and, if it is encrypted, its passphrase in SIGNING_KEY_PASSPHRASE',
      { cause },
    );
  }
}

function readKeyFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new Failure(
      `SIGNING_KEY=${file} cannot be read: ${(cause as Error).message}`,
      "give the path of the publisher's private key",
      { cause },
    );
  }
}

async function decryption(pem: string, file: string, passphrase: () => Promise<string | undefined>) {
  if (!pem.includes('ENCRYPTED')) return {};
  if (pem.includes('SIGSTORE') || pem.includes('COSIGN'))
    throw new Failure(
      `SIGNING_KEY=${file} is encrypted in cosign's own way`,
      'give the key as PKCS #8 (openssl pkcs8 -topk8); cosign reads that too (cosign import-key-pair)',
    );
  const words = await passphrase();
  if (words === undefined || words === '')
    throw new Failure(
      `SIGNING_KEY=${file} is encrypted and there is no passphrase`,
      'set SIGNING_KEY_PASSPHRASE, or run the command at a terminal, where it asks',
    );
  return { passphrase: words };
}

function signingKey(privateKey: KeyObject, rehearsal: boolean): SigningKey {
  const publicPem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
  readPublicKey(publicPem);
  return { privateKey, publicPem, rehearsal };
}

/** The signature of a file's content, as `cosign verify-blob --signature` takes it: base64 of DER. */
export function signatureOf({ privateKey }: SigningKey, content: Uint8Array): string {
  return sign('sha256', content, privateKey).toString('base64');
}
