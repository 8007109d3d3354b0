import { hashKey } from './virtual-key.ts';

/** The hash of a key, as it is stored and as bytes. */
export interface KeyDigest {
  readonly hex: string;
  readonly bytes: Buffer;
}

export function digestOf(key: string): KeyDigest {
  const hex = hashKey(key);
  return { hex, bytes: Buffer.from(hex, 'hex') };
}

const MOST_KEYS = 4096;
/** Keys are of 25 characters; whoever chooses his own need not have a megabyte of it remembered. */
const LONGEST_KEY = 256;

/**
 * The digests of keys that were presented last, which most are again: digest, hex digits and their look-up took 5 of 300 µs a
 * call. The keys themselves are in memory meanwhile, as they are in the requests that bear them; they go nowhere.
 */
export class RecentDigests {
  readonly #digests = new Map<string, KeyDigest>();

  of(key: string): KeyDigest {
    return this.#digests.get(key) ?? digestOf(key);
  }

  /** Remembers a digest; all others are forgotten where there are too many. */
  keep(key: string, digest: KeyDigest): void {
    if (this.#digests.has(key) || key.length > LONGEST_KEY) return;
    if (this.#digests.size >= MOST_KEYS) this.#digests.clear();
    this.#digests.set(key, digest);
  }
}
