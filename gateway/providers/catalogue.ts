import catalogue from './catalogue.json' with { type: 'json' };
import unserved from './unserved.json' with { type: 'json' };

/** A provider that takes OpenAI's chat body with a bearer key. Field names follow LiteLLM's JSON registry. */
export interface Provider {
  /** Absent when the operator must say where it is: `api_base`, or one of `api_base_env`. */
  readonly base_url?: string;
  /** Variables that may hold the address, the first one set wins over `base_url`. */
  readonly api_base_env?: readonly string[];
  /** Variables that may hold the key, in the order they are looked at. */
  readonly api_key_env: readonly string[];
  /** The provider also answers without a key. */
  readonly api_key_optional?: boolean;
  /** OpenAI's name of a body member -> the name this provider wants. */
  readonly param_mappings?: Readonly<Record<string, string>>;
  readonly special_handling?: {
    /** Body members that this provider refuses, so they are left out. */
    readonly drops?: readonly string[];
    /** Body members that LiteLLM clients mean for the proxy but which this provider also understands. */
    readonly keeps?: readonly string[];
  };
  /** The member that limits an answer's length, where it is not `max_tokens`. */
  readonly output_limit?: string;
  /** The provider's name in the price data. */
  readonly price_provider?: string;
}

const served = new Map<string, Provider>(Object.entries<Provider>(catalogue));
const known = new Map<string, string>(Object.entries(unserved));

/** The provider behind a prefix such as `openai` in `openai/gpt-4o`; undefined when it is not served. */
export function findProvider(prefix: string): Provider | undefined {
  return served.get(prefix);
}

/** Wire format of a provider that LiteLLM knows and this gateway does not serve. */
export function unservedWireFormat(prefix: string): string | undefined {
  return known.get(prefix);
}

/** Prefixes of all served providers, in alphabetical order. */
export function servedProviders(): readonly string[] {
  return [...served.keys()].sort();
}
