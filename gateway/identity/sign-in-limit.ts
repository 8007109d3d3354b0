import ipaddr from 'ipaddr.js';
import type { Pool } from 'pg';
import { type Connection, transaction } from '../store/connection.ts';
import { countAttempt, forgetAttempts, refuseUntil } from '../store/sign-in-attempts.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** A scope without attempts for this long starts again. */
const MEMORY_MS = 24 * HOUR;

interface Limit {
  /** Attempts without any pause. */
  readonly free: number;
  /** Longest pause between two attempts. */
  readonly longestMs: number;
}

const perAddress: Limit = { free: 5, longestMs: HOUR };
/** Against guessing from many addresses; short, since it also keeps the admin out. */
const perEveryone: Limit = { free: 100, longestMs: 30 * SECOND };
const EVERYONE = 'everyone';

/** The scope of an address: itself, or its /64, since one IPv6 host has that many addresses. */
export function addressScope(address: string): string {
  if (!ipaddr.isValid(address)) return 'unknown';
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${parsed}/64`)}/64`;
}

/** The pause after so many attempts: two seconds, doubled with each further one. */
export function pauseMs(attempts: number, { free, longestMs }: Limit): number {
  if (attempts < free) return 0;
  return Math.min(2 * SECOND * 2 ** (attempts - free), longestMs);
}

class Refused extends Error {
  readonly until: Date;

  constructor(until: Date) {
    super('this scope is refused');
    this.until = until;
  }
}

async function reserve(db: Connection, scope: string, limit: Limit, now: Date): Promise<void> {
  const forgetBefore = new Date(now.getTime() - MEMORY_MS);
  const { attempts, refusedUntil } = await countAttempt(db, scope, now, forgetBefore);
  if (refusedUntil > now) throw new Refused(refusedUntil);
  const pause = pauseMs(attempts, limit);
  if (pause > 0) await refuseUntil(db, scope, new Date(now.getTime() + pause));
}

/** Limits attempts to sign in, per address and for everyone together. */
export class SignInLimit {
  readonly #db: Pool;
  readonly #clock: () => number;

  constructor(db: Pool, clock: () => number) {
    this.#db = db;
    this.#clock = clock;
  }

  /**
   * Takes one attempt before the password is looked at, so that attempts at the same time cannot share a count.
   * Returns null when it is allowed, else how many seconds to wait; a refused attempt is not counted.
   */
  async attempt(address: string): Promise<number | null> {
    const now = new Date(this.#clock());
    try {
      await transaction(this.#db, async (db) => {
        await reserve(db, addressScope(address), perAddress, now);
        await reserve(db, EVERYONE, perEveryone, now);
      });
      return null;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return Math.ceil((error.until.getTime() - now.getTime()) / SECOND);
    }
  }

  /** The attempt was a good one: its address starts again. */
  async succeeded(address: string): Promise<void> {
    const forgetBefore = new Date(this.#clock() - MEMORY_MS);
    await forgetAttempts(this.#db, [addressScope(address)], forgetBefore);
  }
}
