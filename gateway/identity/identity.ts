import type { IncomingHttpHeaders } from 'node:http';
import { type KeyLimits, NO_LIMITS } from './key-limits.ts';
import { type ModelAliases, NO_ALIASES } from './model-aliases.ts';
import type { OwnerLimits } from './owner-limits.ts';
import type { Role } from './roles.ts';
import { NO_TAGS, type OwnTags } from './tags.ts';

/** Name that stands for the master key where a key's hash would stand, as in LiteLLM 2026-H2. */
export const MASTER_KEY_ALIAS = 'litellm_proxy_master_key';

/** User id of the built-in admin. */
export const ADMIN_USER_ID = 'default_user_id';

/** The team that a key acts for. */
export interface KeyTeam {
  /** Model names, wildcards or special members; empty means every model. */
  readonly models: readonly string[];
  /** What its members, or the key's user among them, are bound to within that; empty means all of it. */
  readonly memberModels: readonly string[];
  readonly blocked: boolean;
}

/** Who is calling: the outcome of authentication, frozen, without any secret. */
export interface Identity {
  readonly kind: 'master' | 'virtual_key';
  readonly role: Role;
  /** Lower-case hex SHA-256 of the key; MASTER_KEY_ALIAS for the master key. */
  readonly keyHash: string;
  readonly keyAlias: string | null;
  readonly userId: string | null;
  readonly teamId: string | null;
  readonly organizationId: string | null;
  readonly agentId: string | null;
  /** Model names, wildcards or special members; empty means every model. */
  readonly models: readonly string[];
  /** What its key and its team call models. */
  readonly aliases: { readonly key: ModelAliases; readonly team: ModelAliases };
  readonly limits: KeyLimits;
  /** Limits that hold for all keys of whom this one acts for. */
  readonly ownerLimits: readonly OwnerLimits[];
  /** The budgets that every call of this key comes out of, in the order in which they are looked at; its own is the first. */
  readonly budgets: readonly string[];
  /** What the team of the key allows; null for a personal key. */
  readonly team: KeyTeam | null;
  /** The user's own model list, which bounds personal keys; empty means every model. */
  readonly userModels: readonly string[];
  /** The model list of the organisation that the key or its team belongs to. */
  readonly organizationModels: readonly string[];
  /** Teams that the user is in, whatever its role there. */
  readonly memberOfTeams: readonly string[];
  readonly adminOfTeams: readonly string[];
  readonly adminOfOrganizations: readonly string[];
  /** Paths, `/x/*` and names of groups that the key is bound to; empty for every route that its role may call. */
  readonly allowedRoutes: readonly string[];
  /** Whether it sees what everybody has spent, as sums. */
  readonly seesAllSums: boolean;
  /** Parameters that each of its calls must have. */
  readonly requiredParams: readonly string[];
  /** Whether key or team say that nothing is kept of what its calls say. */
  readonly redacted: boolean;
  /** What every call of this key is tagged with. */
  readonly tags: OwnTags;
  /** USD spent by this key before this call, for `x-litellm-key-spend`. */
  readonly spend: number;
}

/** What a caller has who acts for nobody and is held by nothing. */
export const UNBOUND = Object.freeze({
  teamId: null,
  organizationId: null,
  agentId: null,
  models: Object.freeze([]),
  aliases: Object.freeze({ key: NO_ALIASES, team: NO_ALIASES }),
  limits: NO_LIMITS,
  ownerLimits: Object.freeze([]),
  budgets: Object.freeze([]),
  team: null,
  userModels: Object.freeze([]),
  organizationModels: Object.freeze([]),
  memberOfTeams: Object.freeze([]),
  adminOfTeams: Object.freeze([]),
  adminOfOrganizations: Object.freeze([]),
  seesAllSums: false,
  requiredParams: Object.freeze([]),
  tags: NO_TAGS,
}) satisfies Partial<Identity>;

export interface Authenticator {
  /**
   * Finds out who is calling from the request's headers; answers without a promise when the key is cached.
   * Throws GatewayError: no_api_key, malformed_key, unknown_key, expired_key, blocked_key, database_unavailable.
   */
  authenticate(headers: IncomingHttpHeaders): Identity | Promise<Identity>;
}
