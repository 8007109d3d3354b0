import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Pool } from 'pg';
import { markedAs } from '../http/auth-failure.ts';
import { GatewayError } from '../http/errors.ts';
import type { NextReset } from '../store/budget-periods.ts';
import { enforcedBudgets, type Limited } from '../store/enforced-budgets.ts';
import { findKey, type KeyForAuthentication } from '../store/virtual-keys.ts';
import { Certainty } from './certainty.ts';
import { ADMIN_USER_ID, type Authenticator, type Identity, MASTER_KEY_ALIAS } from './identity.ts';
import { KeyCache } from './key-cache.ts';
import { NO_LIMITS } from './key-limits.ts';
import { isOutage, uncheckedIdentity } from './outage.ts';
import { readLinkedKeyLimits, readOwnerLimits } from './owner-limits.ts';
import { type Owner, owners } from './owners.ts';
import { abbreviated, presentedKey } from './presented-key.ts';
import { redactedBy } from './redaction.ts';
import { roleOf } from './roles.ts';
import { subjects } from './subjects.ts';
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

interface KnownKey {
  readonly identity: Identity;
  readonly blocked: boolean;
  /** The key names a team that is not there: nothing says what it may do. */
  readonly teamless: boolean;
  readonly expiresAt: number | null;
  /** End of a rotated key's grace period. */
  readonly revokedAt: number | null;
  /** What it acts for, beside itself. */
  readonly subjects: readonly string[];
}

const masterIdentity: Identity = Object.freeze({
  kind: 'master',
  role: 'proxy_admin',
  keyHash: MASTER_KEY_ALIAS,
  keyAlias: MASTER_KEY_ALIAS,
  userId: ADMIN_USER_ID,
  teamId: null,
  organizationId: null,
  agentId: null,
  models: Object.freeze([]),
  limits: NO_LIMITS,
  ownerLimits: Object.freeze([]),
  budgets: Object.freeze([]),
  team: null,
  userModels: Object.freeze([]),
  organizationModels: Object.freeze([]),
  memberOfTeams: Object.freeze([]),
  adminOfTeams: Object.freeze([]),
  adminOfOrganizations: Object.freeze([]),
  allowedRoutes: Object.freeze([]),
  redacted: false,
  spend: 0,
});

/** What stands for a key that cannot be looked up. */
const unchecked: KnownKey = {
  identity: uncheckedIdentity,
  blocked: false,
  teamless: false,
  expiresAt: null,
  revokedAt: null,
  subjects: [],
};

function knownKey(row: KeyForAuthentication, budgets: readonly string[]): KnownKey {
  const team =
    row.team_models === null
      ? null
      : Object.freeze({ models: Object.freeze(row.team_models), blocked: row.team_blocked === true });
  const actsFor = { userId: row.user_id, teamId: row.team_id, organizationId: row.organization_id };
  const identity: Identity = Object.freeze({
    kind: 'virtual_key',
    role: roleOf(row.user_role),
    keyHash: row.token,
    keyAlias: row.key_alias,
    ...actsFor,
    agentId: row.agent_id,
    models: Object.freeze(row.models),
    limits: readLinkedKeyLimits(row),
    ownerLimits: Object.freeze(readOwnerLimits(actsFor, row)),
    budgets: Object.freeze(budgets),
    team,
    userModels: Object.freeze(row.user_models ?? []),
    organizationModels: Object.freeze(row.organization_models ?? []),
    memberOfTeams: Object.freeze(row.member_of_teams),
    adminOfTeams: Object.freeze(row.admin_of_teams),
    adminOfOrganizations: Object.freeze(row.admin_of_organizations),
    allowedRoutes: Object.freeze(row.allowed_routes),
    redacted: redactedBy(row.key_metadata) || redactedBy(row.team_metadata),
    spend: row.spend,
  });
  return {
    identity,
    blocked: row.blocked === true,
    teamless: row.team_id !== null && team === null,
    expiresAt: row.expires?.getTime() ?? null,
    revokedAt: row.revoke_at?.getTime() ?? null,
    subjects: [
      ...(row.team_id === null ? [] : [subjects.team(row.team_id)]),
      ...(row.user_id === null ? [] : [subjects.user(row.user_id)]),
      ...(row.organization_id === null ? [] : [subjects.organization(row.organization_id)]),
      ...row.budget_ids.map(subjects.budget),
    ],
  };
}

/**
 * Whose budgets a key is held to, in the order in which they are looked at: the first that has no room is the one that is
 * named. A user's own budget is for personal keys, as in LiteLLM; in a team there is that of the member.
 */
function limitedOwners(row: KeyForAuthentication): readonly Limited[] {
  const { token, team_id: team, user_id: user, organization_id: organization } = row;
  const limited: Limited[] = [];
  const add = (owner: Owner | null, maxBudget: number | null): void => {
    if (owner !== null && maxBudget !== null) limited.push({ owner, maxBudget });
  };
  add(owners.key(token), row.max_budget);
  add(team === null ? null : owners.team(team), row.team_max_budget);
  add(organization === null ? null : owners.organization(organization), row.organization_max_budget);
  if (user === null) return limited;
  if (team === null) add(owners.user(user), row.user_max_budget);
  else add(owners.member(team, user), row.member_max_budget);
  return limited;
}

/** In one step: a hash object for every call took 2.3 µs where this takes 0.9. */
const digest = (text: string): Buffer => hash('sha256', text, 'buffer');

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
  const { db, masterKey, clock, nextReset, servesWithoutDatabase = false } = options;
  const masterDigest = digest(masterKey);

  const certainty = new Certainty();
  const cache = new KeyCache<KnownKey>({
    load: async (hash) => {
      const row = await findKey(db, hash);
      if (row === undefined) return undefined;
      const rules = { now: clock(), nextReset };
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
    const key = presentedKey(headers);
    const keyDigest = digest(key);
    if (timingSafeEqual(keyDigest, masterDigest)) return masterIdentity;
    if (!isVirtualKey(key)) {
      throw new GatewayError(
        'malformed_key',
        `Authentication Error, LiteLLM Virtual Key expected. Received=${abbreviated(key)}, expected to start with 'sk-'`,
        { headers: markedAs('unknown-key') },
      );
    }
    return ofHash(keyDigest.toString('hex'), key);
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
