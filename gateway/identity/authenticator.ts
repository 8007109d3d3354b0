import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Pool } from 'pg';
import { markedAs } from '../http/auth-failure.ts';
import { GatewayError } from '../http/errors.ts';
import type { NextReset } from '../store/budget-periods.ts';
import { enforcedBudgets } from '../store/enforced-budgets.ts';
import { findKey } from '../store/virtual-keys.ts';
import { Certainty } from './certainty.ts';
import { ADMIN_USER_ID, type Authenticator, type Identity, MASTER_KEY_ALIAS, UNBOUND } from './identity.ts';
import { KeyCache } from './key-cache.ts';
import { type KnownKey, knownKey, limitedOwners, unchecked } from './known-key.ts';
import { isOutage } from './outage.ts';
import { abbreviated, presentedKey } from './presented-key.ts';
import { digestOf, RecentDigests } from './recent-digests.ts';
import { hashOf, isVirtualKey } from './virtual-key.ts';

const SECOND = 1000;
const CACHE_TTL_MS = 60 * SECOND;
const ABSENT_TTL_MS = 2 * SECOND;
const CACHE_LIMIT = 20_000;

export interface AuthenticatorOptions {
  readonly db: Pool;
  readonly masterKey: string;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  readonly nextReset: NextReset;
  /** Whether calls are served while nobody can say whether their keys are good. */
  readonly servesWithoutDatabase?: boolean;
  /** The only header that holds keys, in lower case; null for those that LiteLLM knows. */
  readonly keyHeader?: string | null;
}

/** Authentication with a cache, and what must be called when keys change. */
export interface KeyAuthenticator extends Authenticator {
  /** Forgets a key, named by its hash, or every key of a team or a user (`subjects`); the next use looks it up. */
  evict(subject: string): void;
  /** Forgets all keys. */
  clear(): void;
  /** Who calls with the key of this hash now. Throws GatewayError as `authenticate` does. */
  current(keyHash: string): Identity | Promise<Identity>;
  /** No change that was made by then was missed. */
  confirmed(time: number): void;
}

const masterIdentity: Identity = Object.freeze({
  kind: 'master',
  role: 'proxy_admin',
  keyHash: MASTER_KEY_ALIAS,
  keyAlias: MASTER_KEY_ALIAS,
  userId: ADMIN_USER_ID,
  ...UNBOUND,
  allowedRoutes: Object.freeze([]),
  redacted: false,
  spend: 0,
});

/** Admits a known key unless it is absent, blocked or expired now: state that a cache must not hide. */
function admit(known: KnownKey | null, key: string, now: number): Identity {
  if (known === null || (known.revokedAt !== null && now >= known.revokedAt)) {
    throw new GatewayError(
      'unknown_key',
      'Authentication Error, Invalid proxy server token passed in: this key is not known here; it may have been deleted',
      { headers: markedAs('unknown-key') },
    );
  }
  if (known.blocked) {
    throw new GatewayError(
      'blocked_key',
      'Authentication Error, Key is blocked. An admin can lift the block with `/key/unblock`',
    );
  }
  if (known.teamless) {
    throw new GatewayError(
      'blocked_team',
      'Authentication Error, the team of this key does not exist; an admin can give the key another one with `/key/update`',
    );
  }
  if (known.expiresAt !== null && now >= known.expiresAt) {
    const [expired, current] = [known.expiresAt, now].map((time) => new Date(time).toISOString());
    throw new GatewayError(
      'expired_key',
      `Authentication Error, Expired Key. The key expired at ${expired}; it is now ${current}`,
      { param: abbreviated(key) },
    );
  }
  return known.identity;
}

/** Finds out who calls: the master key, compared in constant time, or a virtual key from the cache or the database. */
export function createAuthenticator(options: AuthenticatorOptions): KeyAuthenticator {
  const { db, masterKey, clock, nextReset, servesWithoutDatabase = false, keyHeader = null } = options;
  const masterDigest = digestOf(masterKey).bytes;
  const digests = new RecentDigests();

  const certainty = new Certainty();
  const cache = new KeyCache<KnownKey>({
    load: async (hash) => {
      const row = await findKey(db, hash);
      if (row === undefined) return undefined;
      const rules = { now: clock(), nextReset, endUserDefault: null };
      return knownKey(row, await enforcedBudgets(db, limitedOwners(row), rules));
    },
    certain: (now) => certainty.holds(now),
    outage: servesWithoutDatabase ? { isOne: isOutage, stranger: unchecked } : null,
    clock,
    limit: CACHE_LIMIT,
    ttlMs: CACHE_TTL_MS,
    absentTtlMs: ABSENT_TTL_MS,
  });

  function authenticate(headers: IncomingHttpHeaders): Identity | Promise<Identity> {
    const key = presentedKey(headers, keyHeader);
    const digest = digests.of(key);
    if (timingSafeEqual(digest.bytes, masterDigest)) return masterIdentity;
    if (!isVirtualKey(key)) {
      throw new GatewayError(
        'malformed_key',
        `Authentication Error, LiteLLM Virtual Key expected. Received=${abbreviated(key)}, expected to start with 'sk-'`,
        { headers: markedAs('unknown-key') },
      );
    }
    const known = ofHash(digest.hex, key);
    // A stranger's keys would push out the others'.
    if (!(known instanceof Promise)) digests.keep(key, digest);
    return known;
  }

  function ofHash(keyHash: string, shown: string): Identity | Promise<Identity> {
    const found = cache.get(keyHash);
    if (found instanceof Promise) return found.then((known) => admit(known, shown, clock()));
    return admit(found, shown, clock());
  }

  return {
    authenticate,
    evict: (subject) => {
      if (hashOf(subject) === subject) cache.evict(subject);
      else cache.evictWhere((known) => known.subjects.includes(subject));
    },
    clear: () => cache.clear(),
    current: (keyHash) => ofHash(keyHash, keyHash),
    confirmed: (time) => certainty.confirm(time),
  };
}
