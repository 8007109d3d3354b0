import type { KeyParams } from '../identity/key-params.ts';
import type { Standing } from '../identity/roles.ts';

/** A budget of a window of time. */
export interface Window {
  readonly budget_duration: string;
  /** USD. */
  readonly max_budget: number;
}

/** What a key may spend on one model, and how often it may call it. */
export interface ModelBudget {
  /** USD. */
  readonly max_budget?: number;
  readonly budget_duration?: string;
  readonly rpm_limit?: number;
  readonly tpm_limit?: number;
}

export interface KeyDefaults extends KeyParams {
  readonly team_id?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Of every call of the key. */
  readonly tags?: readonly string[];
  /** USD. */
  readonly soft_budget?: number;
  readonly budget_limits?: readonly Window[];
  readonly model_max_budget?: Readonly<Record<string, ModelBudget>>;
}

/** Who may make keys of one kind, and what they must say of each. */
export interface KeyMakers {
  /** Null where everybody may. */
  readonly userRoles: readonly Standing[] | null;
  /** Roles within the key's team; null where every role may. */
  readonly memberRoles: readonly ('admin' | 'user')[] | null;
  readonly requiredParams: readonly string[];
}

/** What the operator has decided about keys that are made. */
export interface KeyRules {
  /** For what a request does not say. */
  readonly defaults: KeyDefaults;
  /** The most that a request may say, and what a new key has where it says nothing. */
  readonly ceilings: KeyParams;
  /** Null where nothing is said about keys of this kind. */
  readonly teamKeys: KeyMakers | null;
  readonly personalKeys: KeyMakers | null;
  /** Whether every key belongs to a team. */
  readonly teamsOnly: boolean;
  /** How long the old secret of a rotated key works on where the request does not say; null for not at all. */
  readonly gracePeriod: string | null;
  /** Whether the last characters of keys are kept, for people to know them by. */
  readonly showsEnds: boolean;
  /** Whether aliases must look like names. */
  readonly checksAliases: boolean;
}

export const NO_KEY_RULES: KeyRules = Object.freeze({
  defaults: Object.freeze({}),
  ceilings: Object.freeze({}),
  teamKeys: null,
  personalKeys: null,
  teamsOnly: false,
  gracePeriod: null,
  showsEnds: true,
  checksAliases: false,
});
