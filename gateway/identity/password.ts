import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { GatewayError } from '../http/errors.ts';

export interface PasswordHasherOptions {
  /** scrypt's cost. */
  readonly cost: { readonly N: number; readonly r: number; readonly p: number };
  /** Computations that may run at once, and that may wait for their turn. */
  readonly atOnce: number;
  readonly waiting: number;
}

/** 32 MiB and about a third of a second each; two at once leave thread pool and memory of a small machine to the calls. */
const defaults: PasswordHasherOptions = { cost: { N: 2 ** 15, r: 8, p: 3 }, atOnce: 2, waiting: 20 };
const MAX_MEMORY_BYTES = 64 * 1024 * 1024;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

const derive = promisify(
  scrypt as (
    password: string,
    salt: Buffer,
    length: number,
    options: object,
    done: (error: Error | null, key: Buffer) => void,
  ) => void,
);

const STORED = /^scrypt:(\d+):(\d+):(\d+):([\w-]+):([\w-]+)$/;

/**
 * Hashes passwords as `scrypt:N:r:p:salt:hash` (salt and hash in base64url) and checks them. Only a few computations
 * run at once and few wait: a flood of sign-ins is refused before it takes the machine's memory.
 */
export class PasswordHasher {
  /** How many computations were started; what a test counts instead of milliseconds. */
  computations = 0;
  readonly #options: PasswordHasherOptions;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(options: Partial<PasswordHasherOptions> = {}) {
    this.#options = { ...defaults, ...options };
  }

  async hash(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES);
    const { cost } = this.#options;
    const hash = await this.#compute(password, salt, cost);
    return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64url'), hash.toString('base64url')].join(
      ':',
    );
  }

  /** Whether this is the password of the stored hash; false for a hash of another form, such as LiteLLM's own. */
  async matches(password: string, stored: string | null): Promise<boolean> {
    const [, N, r, p, salt, hash] = STORED.exec(stored ?? '') ?? [];
    if (salt === undefined || hash === undefined) return false;
    const expected = Buffer.from(hash, 'base64url');
    if (expected.length !== HASH_BYTES) return false;
    const cost = { N: Number(N), r: Number(r), p: Number(p) };
    const actual = await this.#compute(password, Buffer.from(salt, 'base64url'), cost);
    return timingSafeEqual(actual, expected);
  }

  async #compute(password: string, salt: Buffer, cost: object): Promise<Buffer> {
    await this.#enter();
    this.computations++;
    try {
      return await derive(password.normalize('NFC'), salt, HASH_BYTES, { ...cost, maxmem: MAX_MEMORY_BYTES });
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#running < this.#options.atOnce) {
      this.#running++;
      return;
    }
    if (this.#waiting.length >= this.#options.waiting) {
      throw new GatewayError('draining', 'Too many sign-ins at once; try again in a moment', {
        headers: { 'retry-after': '5' },
      });
    }
    // Whoever leaves hands its place on, so the count stays as it is.
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running--;
    else next();
  }
}
