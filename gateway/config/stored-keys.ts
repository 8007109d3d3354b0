import { unknownKey } from './check-keys.ts';
import { generalSettings, type KeyTable, litellmSettings, routerSettings } from './known-keys.ts';

/** The sections that the API may store settings of, and all settings that each has. */
export const settingSections = {
  general_settings: generalSettings,
  litellm_settings: litellmSettings,
  router_settings: routerSettings,
} as const satisfies Record<string, KeyTable>;

export type SettingSection = keyof typeof settingSections;

/** The section of variables: provider keys, each sealed. */
export const VARIABLES = 'environment_variables';

export type StoredSection = SettingSection | typeof VARIABLES;

export const storedSections = [
  'general_settings',
  'litellm_settings',
  'router_settings',
  VARIABLES,
] as const satisfies readonly StoredSection[];

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/**
 * What the API may store: what whoever administers the gateway could also give to each key, user, customer or model, and how calls are
 * carried. A setting that is added to the gateway is the file's alone until somebody has thought of it.
 * See docs/decisions/2026-11-29-settings-in-the-database.md.
 */
export const storable: Readonly<Record<SettingSection, readonly string[]>> = {
  general_settings: words(`global_max_parallel_requests max_parallel_requests token_rate_limit_type
    on_client_disconnect always_include_stream_usage proxy_batch_write_at health_check_concurrency`),
  litellm_settings: words(`request_timeout timezone default_key_generate_params default_team_params
    max_end_user_budget max_end_user_budget_id max_internal_user_budget default_max_internal_user_budget
    internal_user_budget_duration default_internal_user_params disable_add_user_agent_to_request_tags`),
  router_settings: words('model_group_alias timeout stream_timeout default_max_parallel_requests'),
};

/** What stands in the file alone, and why: who holds the master key must not be able to switch it off. */
export const ofFileAlone: readonly (readonly [because: string, names: readonly string[]])[] = [
  [
    'it says who is let in, and to what',
    words(`master_key litellm_key_header_name allowed_ips trusted_proxy_ranges use_x_forwarded_for public_routes
      admin_only_routes allowed_routes ui_access_mode require_auth_for_metrics_endpoint disable_master_key_return
      disable_adding_master_key_hash_to_db encryption_algorithm`),
  ],
  [
    'it says what may be changed by the API',
    words('store_model_in_db disable_add_model_via_api ignore_stored_settings allow_unknown_settings'),
  ],
  [
    'it holds every caller, an admin too, to what the operator demands',
    words(`budget_enforcement max_budget budget_duration allow_requests_on_db_unavailable enforce_user_param
      enforced_params reject_clientside_metadata_tags default_team_disabled cut_streams_on_block
      max_request_size_mb max_response_size_mb upperbound_key_generate_params key_generation_settings
      enable_key_alias_format_validation optional_pre_call_checks`),
  ],
  [
    'it says what is recorded of calls and changes, how long it is kept, and who is told',
    words(`disable_spend_logs disable_error_logs store_audit_logs store_prompts_in_spend_logs
      turn_off_message_logging redact_user_api_key_info redact_messages_in_exceptions
      global_disable_no_log_param maximum_spend_logs_retention_period maximum_spend_logs_retention_interval
      maximum_audit_logs_retention_period user_header_name user_header_mappings health_check_details json_logs
      alerting alerting_args`),
  ],
  [
    'it says which servers the gateway leans on',
    words(
      `database_url database_connection_pool_limit redis_host redis_port redis_password redis_url redis_db`,
    ),
  ],
];

/** Why the API may not store a setting; null where it may. */
export function keyRefusal(section: SettingSection, name: string): string | null {
  const table: KeyTable = settingSections[section];
  const service = table.get(name);
  if (service === undefined) return unknownKey(name, table);
  if (service !== 'served') return 'is not served yet and has no effect';
  if (storable[section].includes(name)) return null;
  const [because] = ofFileAlone.find(([, names]) => names.includes(name)) ?? ['nobody has said that it may'];
  return `is set in config.yaml alone, because ${because}`;
}
