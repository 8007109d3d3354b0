import { priceKeys } from '../../config/price-keys.ts';
import { GatewayError } from '../../http/errors.ts';
import type { ObjectScan } from '../../providers/json-object.ts';

/** Credentials and addresses that only the operator may set: a client could send our calls, or our keys, anywhere. */
const OPERATOR_ONLY =
  `api_key api_base base_url api_version organization user_config headers extra_headers custom_llm_provider
  aws_access_key_id aws_secret_access_key aws_session_token aws_bedrock_runtime_endpoint azure_ad_token
  vertex_credentials litellm_credential_name input_cost_per_second output_cost_per_second
  ${priceKeys.join(' ')}`.split(/\s+/);

/** Wishes that would be believed to be fulfilled: what is not served yet is refused. */
const NOT_SERVED = `guardrails disable_global_guardrails fallbacks mock_timeout mock_testing_fallbacks
  mock_testing_context_fallbacks mock_testing_context_window_fallbacks mock_testing_content_policy_fallbacks
  mock_testing_rate_limit_error`.split(/\s+/);

/** Members for the proxy that make no difference here; providers would refuse them. */
const IGNORED =
  `mock_response num_retries max_retries timeout stream_timeout request_timeout cache caching priority
  drop_params additional_drop_params allowed_openai_params context_window_fallback_dict allowed_model_region
  enable_tag_filtering disable_fallbacks litellm_metadata litellm_session_id litellm_trace_id
  litellm_call_id extra_body`.split(/\s+/);

/** Members that are meant for the gateway and served by it. */
const OURS = ['tags', 'no-log', 'turn_off_message_logging'] as const;

/** What becomes of a member that a provider does not get. */
type Fate = 'refused' | 'unserved' | 'ignored' | 'ours';

const fates: ReadonlyMap<string, Fate> = new Map<string, Fate>([
  ...OPERATOR_ONLY.map((name) => [name, 'refused'] as const),
  ...NOT_SERVED.map((name) => [name, 'unserved'] as const),
  ...IGNORED.map((name) => [name, 'ignored'] as const),
  ...OURS.map((name) => [name, 'ours'] as const),
]);

/** Members of a request that a provider does not get. */
export interface KeptBack {
  /** Those that make no difference, to be named in the answer. */
  readonly ignored: readonly string[];
  /** Those that the gateway serves. */
  readonly ours: readonly string[];
}

function operatorOnly(name: string): GatewayError {
  return new GatewayError(
    'operator_only',
    `\`${name}\` is set by the operator of this gateway; remove it from the request`,
    { param: name },
  );
}

function notServed(name: string): GatewayError {
  return new GatewayError('not_enforced', `\`${name}\` is not served by this gateway; remove it`, {
    param: name,
  });
}

/** Sorts the members of a request. Throws GatewayError operator_only or not_enforced. */
export function keptBack({ order }: ObjectScan): KeptBack {
  const ignored: string[] = [];
  const ours: string[] = [];
  for (const { name } of order) {
    const fate = fates.get(name);
    if (fate === undefined) continue;
    if (fate === 'refused') throw operatorOnly(name);
    if (fate === 'unserved') throw notServed(name);
    if (fate === 'ignored') ignored.push(name);
    else ours.push(name);
  }
  return { ignored, ours };
}
