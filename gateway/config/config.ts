import type { WrittenPrices } from '../accounting/price-sheet.ts';
import type { KeyRules } from './key-rules.ts';
import type { NetworkRules } from './network-rules.ts';
import type { RouteRules } from './route-rules.ts';
import type { TeamDefaults } from './team-defaults.ts';
import type { UserDefaults } from './user-defaults.ts';

/** One entry of `model_list`, checked and with its references resolved. */
/** The team that a model belongs to. */
export interface ModelTeam {
  readonly id: string;
  /** What its keys call the model; may be a pattern. */
  readonly publicName: string;
}

export interface DeploymentConfig {
  /** Where it stands in the file, for messages: `model_list.3`. */
  readonly path: string;
  /** What it is called in the file or in its row, and by everybody where it is no team's; may be a pattern such as `openai/*`. */
  readonly modelName: string;
  /** The team that alone may call it; null where it is for everybody. */
  readonly team: ModelTeam | null;
  /** `model_info.id`, else a hash of what the entry says. */
  readonly id: string;
  /** Prefix of the provider in the catalogue. */
  readonly provider: string;
  /** The provider's own model name; may hold `*` when `modelName` does. */
  readonly upstreamModel: string;
  /** Address without a slash at its end. */
  readonly apiBase: string;
  readonly apiKey: string | null;
  /** The variable that must be set before this entry can be called; null when it is active. */
  readonly missingVariable: string | null;
  /** Extra headers for the provider. */
  readonly headers: Readonly<Record<string, string>>;
  /** Body members sent when the client does not set them. */
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly timeoutMs: number;
  readonly streamTimeoutMs: number;
  /** USD per token; what is absent comes from the overlay and the price data. */
  readonly prices: WrittenPrices;
  /** Most tokens of one answer, where the operator says so. */
  readonly maxOutputTokens: number | null;
  /** Name for the price look-up when it differs from the provider's model name. */
  readonly baseModel: string | null;
  readonly accessGroups: readonly string[];
  readonly probe: ProbeConfig;
  /** Calls and tokens in any 60 s, and calls at the same time; null without such a limit. */
  readonly limits: DeploymentLimits;
  /** What its `litellm_params` say, as far as anybody may see it. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Its `model_info`, as it is written. */
  readonly info: Readonly<Record<string, unknown>>;
}

/** How it is tried whether a deployment answers. */
export interface ProbeConfig {
  /** The provider's name of the model to try; null for its own. */
  readonly model: string | null;
  readonly maxTokens: number;
  readonly timeoutMs: number;
}

export interface Timeouts {
  readonly timeoutMs: number;
  readonly streamTimeoutMs: number;
}

/** What settings say of the limits of all deployments. */
export interface LimitDefaults {
  /** Whether `rpm` and `tpm` limit. */
  readonly enforced: boolean;
  /** Calls at the same time, where a deployment says nothing. */
  readonly parallel: number | null;
}

/** Named values that models share: name -> members of `litellm_params`, their references not resolved. */
export type Credentials = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

/** What entries are read by, in the file and in the database. */
export interface DeploymentRules {
  readonly allowUnknown: boolean;
  readonly environment: Environment;
  readonly timeouts: Timeouts;
  readonly limits: LimitDefaults;
  /** What `litellm_credential_name` may name. */
  readonly credentials: Credentials;
}

/** What is served from the database beside the file, and by which rules. */
export interface StoredModelSettings {
  /** Whether models of the database are served and the API may write them. */
  readonly enabled: boolean;
  /** Whether the API may add, change and delete them. */
  readonly writable: boolean;
  /** By what their entries are read; its credentials are those of the file. */
  readonly rules: DeploymentRules;
}

export interface DeploymentLimits {
  readonly requests: number | null;
  readonly tokens: number | null;
  readonly parallel: number | null;
}

/** A Redis or Valkey server. */
export interface RedisConfig {
  /** `redis:` or `rediss:`; may hold user and password. */
  readonly url: string;
  readonly password: string | null;
  /** Its number. */
  readonly database: number | null;
}

/** Where it is told that budgets are spent. */
export interface AlertingConfig {
  /** `https:`, or `http:` of this machine. */
  readonly url: string;
  /** What is sent is signed with it: `whsec_` and base64. */
  readonly secret: string;
  /** How long what was told is not told again of budgets without a period, or with a shorter one. */
  readonly repeatMs: number;
}

/** A budget as the configuration says it. */
export interface GlobalBudget {
  /** USD. */
  readonly maxBudget: number;
  readonly duration: string | null;
}

/** What holds customers back who have no budget of their own. */
export interface EndUserDefault {
  /** A budget that each of them has as if it were linked to it; null for none. */
  readonly budgetId: string | null;
  /** USD that each of them may spend where that budget does not say it; null where nothing limits it. */
  readonly maxBudget: number | null;
}

export interface ModelAlias {
  readonly model: string;
  readonly hidden: boolean;
}

/** What the operator lets be kept of what is said in calls. */
export interface ContentSettings {
  /** Prompts and answers stand in the spend rows. */
  readonly storePrompts: boolean;
  /** Characters of one text that are kept. */
  readonly textLength: number;
  /** A word stands there instead, and no failure is told in the provider's words. */
  readonly redactMessages: boolean;
  /** The row of a failure says it in the words of the provider, who may quote the prompt. */
  readonly keepProviderWords: boolean;
  /** A caller's `no-log` makes no difference. */
  readonly ignoreNoLog: boolean;
}

/** A setting as the file has it. */
export interface ShownSetting {
  readonly name: string;
  /** By LiteLLM's names of types. */
  readonly type: 'Boolean' | 'Integer' | 'Float' | 'String' | 'List' | 'Dict';
  readonly description: string;
  /** What holds where the file says nothing; null for nothing. */
  readonly fallback: string | number | boolean | null;
  /** Null where the file says nothing, and `os.environ/NAME` where it says so. */
  readonly value: unknown;
}

/** What the file says, as far as the API shows it. */
export interface ShownSettings {
  readonly general: readonly ShownSetting[];
  readonly router: readonly ShownSetting[];
  readonly alerting: readonly ShownSetting[];
}

/** Which tags calls get beside those of their keys and teams. */
export interface TagSettings {
  /** Whether a call may name tags; one that does is refused otherwise. */
  readonly fromClients: boolean;
  /** `User-Agent: name` and `User-Agent: name/version` of the caller's program. */
  readonly ofUserAgent: boolean;
}

/** Everything the operator decides, checked and deeply frozen. */
export interface Config {
  readonly deployments: readonly DeploymentConfig[];
  readonly aliases: Readonly<Record<string, ModelAlias>>;
  readonly masterKey: string;
  readonly saltKey: string;
  /** Keys that may have sealed what is in the database, before `saltKey` does. */
  readonly earlierSaltKeys: readonly string[];
  readonly storedModels: StoredModelSettings;
  /** Whether settings that the database holds are left out, and no more of them are stored. */
  readonly ignoresStoredSettings: boolean;
  readonly databaseUrl: string;
  readonly databaseConnections: number;
  readonly spendFlushMs: number;
  /** Where each gateway process of this machine keeps its spend journal. */
  readonly spendDirectory: string;
  /** `strict`: no budget is ever overspent. `compatible`: LiteLLM's rule, the call that crosses the line passes. */
  readonly budgetEnforcement: 'strict' | 'compatible';
  /** What the whole gateway may spend; null where nothing limits it. */
  readonly globalBudget: GlobalBudget | null;
  /** Null where customers without a budget of their own are held back by nothing. */
  readonly endUserDefault: EndUserDefault | null;
  /** Name of the IANA time zone in which budgets are reset. */
  readonly timezone: string;
  /** What becomes of a provider's answer when its client has left: it is read for its usage, or ended at once. */
  readonly onClientDisconnect: 'drain' | 'cancel';
  /** Whether calls leave spend rows; what they cost counts in any case. */
  readonly recordCalls: boolean;
  readonly recordFailures: boolean;
  readonly tags: TagSettings;
  /** What of the words of calls is kept. */
  readonly content: ContentSettings;
  /** Whether the lines of calls in the log name their keys, by the beginnings of their hashes. */
  readonly logKeys: boolean;
  /** Whether changes by the management API and sign-ins at the admin UI are kept in the audit log. */
  readonly recordChanges: boolean;
  readonly alwaysIncludeStreamUsage: boolean;
  /** The only header that holds keys, in lower case; null for those that LiteLLM knows. */
  readonly keyHeader: string | null;
  /** The operator's own headers by which customers are named, in lower case, in the order in which they are asked. */
  readonly userHeaders: readonly string[];
  /** Whether every call must name its `user`, and parameters that it must have beside it. */
  readonly userRequired: boolean;
  readonly requiredParams: readonly string[];
  /** Calls at the same time in the whole gateway; null without such a limit. */
  readonly globalParallel: number | null;
  readonly keyRules: KeyRules;
  readonly routeRules: RouteRules;
  readonly networkRules: NetworkRules;
  readonly teamDefaults: TeamDefaults;
  readonly userDefaults: UserDefaults;
  /** Whether calls are served while the database is away and nobody can say whether their keys are good. */
  readonly servesWithoutDatabase: boolean;
  /** Whether streams end when their key may not be used any more. */
  readonly cutsStreamsOnBlock: boolean;
  readonly healthChecks: {
    /** Whether answers show what entries say. */
    readonly details: boolean;
    /** How many deployments are tried at a time. */
    readonly concurrency: number;
  };
  /** Which tokens count on limits of tokens. */
  readonly limitedTokens: 'total' | 'input' | 'output';
  /** What gateways share their counters of limits by; null where each counts for itself. */
  readonly redis: RedisConfig | null;
  /** Null where nothing is told. */
  readonly alerting: AlertingConfig | null;
  /** What the API shows of the file. */
  readonly shownSettings: ShownSettings;
  readonly drainMs: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}

/** Something wrong in the configuration, or worth knowing about it. */
export interface Finding {
  /** Where: `general_settings.master_key`, `line 4`, or the name of an environment variable. */
  readonly path: string;
  readonly message: string;
}

export type ConfigResult =
  | { readonly config: Config; readonly faults: readonly []; readonly warnings: readonly Finding[] }
  | { readonly config: null; readonly faults: readonly Finding[]; readonly warnings: readonly Finding[] };

/** Where a person sets environment variables, for messages. */
export interface Places {
  readonly providersEnv: string;
  readonly serviceEnv: string;
  /** Where the spend journal is kept unless the environment says otherwise. */
  readonly spendState: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;
