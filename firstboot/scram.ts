import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';

/** PostgreSQL's own default. The password is 256 random bits, so more rounds would protect nothing. */
const ITERATIONS = 4096;

/**
 * What PostgreSQL stores for a SCRAM-SHA-256 password (RFC 5803 form). Given this in place of the password, it never
 * sees the password: not in SQL text, not in its log. The password must be ASCII, where SASLprep changes nothing.
 */
export function scramVerifier(password: string, saltBase64: string): string {
  const salted = pbkdf2Sync(password, Buffer.from(saltBase64, 'base64'), ITERATIONS, 32, 'sha256');
  const keyed = (text: string): Buffer => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(keyed('Client Key')).digest('base64');
  const serverKey = keyed('Server Key').toString('base64');
  return `SCRAM-SHA-256$${ITERATIONS}:${saltBase64}$${storedKey}:${serverKey}`;
}
