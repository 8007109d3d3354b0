import { createCipheriv, createDecipheriv, hash, hkdfSync, randomBytes } from 'node:crypto';
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';

/** LiteLLM's formats of AES-256-GCM: nonce, ciphertext and tag, as base64url behind the name. */
const NEWEST = 'v3:gcm:';
const SECOND = 'v2:gcm:';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** NaCl's SecretBox: nonce, MAC and ciphertext, without a name in front. */
const BOX_NONCE_BYTES = 24;

/** A sealed text that none of the keys opens. */
export class UnreadableText extends Error {
  override readonly name = 'UnreadableText';
}

const derived = (saltKey: string, info: string, bytes: number): Buffer =>
  Buffer.from(hkdfSync('sha256', saltKey, '', info, bytes));

const digest = (saltKey: string): Buffer => hash('sha256', saltKey, 'buffer');

/** The name of a salt key beside what it has sealed; says nothing of the key itself. */
export function saltKeyId(saltKey: string): string {
  return derived(saltKey, 'litellm-salt-key-id', 8).toString('hex');
}

function openGcm(key: Buffer, sealed: Buffer): string {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  const text = decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES));
  return Buffer.concat([text, decipher.final()]).toString('utf8');
}

function openBox(key: Buffer, sealed: Buffer): string {
  const box = xsalsa20poly1305(key, sealed.subarray(0, BOX_NONCE_BYTES));
  return Buffer.from(box.decrypt(sealed.subarray(BOX_NONCE_BYTES))).toString('utf8');
}

interface Opening {
  readonly sealed: Buffer;
  readonly open: (saltKey: string, sealed: Buffer) => string;
}

/** Base64 of either alphabet, padded: how LiteLLM's oldest format looks; undefined for a text that cannot be of it. */
function boxedBytes(stored: string): Buffer | undefined {
  if (stored.length % 4 !== 0 || !/^[\w+/-]+={0,2}$/.test(stored)) return undefined;
  const bytes = Buffer.from(stored, 'base64');
  return bytes.length < BOX_NONCE_BYTES + TAG_BYTES ? undefined : bytes;
}

/** How a stored text is opened; undefined for one that was never sealed. */
function openingOf(stored: string): Opening | undefined {
  const sealed = Buffer.from(stored.slice(NEWEST.length), 'base64url');
  if (stored.startsWith(NEWEST)) {
    return { sealed, open: (key, bytes) => openGcm(derived(key, 'litellm-at-rest-v3', KEY_BYTES), bytes) };
  }
  if (stored.startsWith(SECOND)) return { sealed, open: (key, bytes) => openGcm(digest(key), bytes) };
  const boxed = boxedBytes(stored);
  return boxed && { sealed: boxed, open: (key, bytes) => openBox(digest(key), bytes) };
}

/** Applies a function to every text in a JSON value, at any depth. */
function everyText(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((each) => everyText(each, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, everyText(member, change)]));
}

type Members = Readonly<Record<string, unknown>>;

/** Seals texts with one salt key, and opens what it or an earlier one has sealed, in all of LiteLLM's formats. */
export class SaltKeys {
  /** Names the key that seals. */
  readonly id: string;
  readonly #sealing: Buffer;
  readonly #all: readonly string[];

  constructor(current: string, earlier: readonly string[] = []) {
    this.id = saltKeyId(current);
    this.#sealing = derived(current, 'litellm-at-rest-v3', KEY_BYTES);
    this.#all = [current, ...earlier];
  }

  seal(text: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#sealing, nonce);
    const sealed = [nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()];
    return `${NEWEST}${Buffer.concat(sealed).toString('base64url')}`;
  }

  /** The text that was sealed; one that does not look sealed is returned as it is. Throws UnreadableText. */
  open(stored: string): string {
    const opening = openingOf(stored);
    if (opening === undefined) return stored;
    for (const key of this.#all) {
      try {
        return opening.open(key, opening.sealed);
      } catch {
        // Another key may have sealed it: all that is told is that this one has not.
      }
    }
    throw new UnreadableText('it was sealed with another salt key, or is damaged');
  }

  /** Seals every text of an object, at any depth: LiteLLM leaves those in lists and maps as they are, headers among them. */
  sealAll(members: Members): Members {
    return everyText(members, (text) => this.seal(text)) as Members;
  }

  /** Opens every text of an object. Throws UnreadableText that names the member. */
  openAll(members: Members): Members {
    const opened = Object.entries(members).map(([name, value]) => {
      try {
        return [name, everyText(value, (text) => this.open(text))];
      } catch (error) {
        if (!(error instanceof UnreadableText)) throw error;
        throw new UnreadableText(`'${name}' cannot be read: ${error.message}`);
      }
    });
    return Object.fromEntries(opened);
  }
}
