import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';

/** The one kind of key that manifests are signed with; cosign's own kind, so cosign can check them too. */
const CURVE = 'prime256v1';

/** Reads a public key. Throws when the text holds none, or one of another kind than ECDSA over P-256. */
export function readPublicKey(pem: string): KeyObject {
  const key = createPublicKey(pem);
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== CURVE)
    throw new Error('the public key must be an ECDSA key over P-256');
  return key;
}

/** Whether `signature` (base64 of DER, as cosign writes it) is this key's over exactly these bytes. */
export function isSignedBy(pem: string, content: Uint8Array, signature: string): boolean {
  return verify('sha256', content, readPublicKey(pem), Buffer.from(signature.trim(), 'base64'));
}

/** What a person compares with the publisher's: SHA-256 of the public key, in pairs of hex digits. */
export function fingerprintOf(pem: string): string {
  const der = readPublicKey(pem).export({ type: 'spki', format: 'der' });
  const hex = createHash('sha256').update(der).digest('hex');
  return (hex.match(/../g) ?? []).join(':');
}
