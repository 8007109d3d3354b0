import { priceKeys } from './price-keys.ts';

/**
 * How a key that LiteLLM knows is treated.
 * - `served`: does what it says (also where nothing needs to be done for that).
 * - `unserved`: has no effect yet; named in the log.
 * - `protective`: has no effect yet, and the operator would believe to be protected or served by it; refused unless switched off.
 */
export type Service = 'served' | 'unserved' | 'protective';

export type KeyTable = ReadonlyMap<string, Service>;

function table(keys: Readonly<Partial<Record<Service, string>>>): KeyTable {
  const rows = (service: Service) =>
    (keys[service]?.trim().split(/\s+/) ?? []).map((key) => [key, service] as const);
  return new Map([...rows('served'), ...rows('unserved'), ...rows('protective')]);
}

export const topLevel = table({
  served:
    'model_list litellm_settings general_settings router_settings environment_variables credential_list',
  unserved: `callback_settings files_settings finetune_settings assistant_settings default_vertex_config
    search_tools mcp_servers mcp_tools vector_store_registry prompts`,
  protective: 'include guardrails policies policy_attachments',
});

export const generalSettings = table({
  served: `master_key database_url database_connection_pool_limit proxy_batch_write_at disable_error_logs
    always_include_stream_usage allow_unknown_settings use_x_forwarded_for disable_master_key_return
    disable_adding_master_key_hash_to_db ui_access_mode global_max_parallel_requests max_parallel_requests
    token_rate_limit_type budget_enforcement on_client_disconnect disable_spend_logs store_prompts_in_spend_logs
    user_header_name user_header_mappings litellm_key_header_name
    enforce_user_param enforced_params
    maximum_spend_logs_retention_period maximum_spend_logs_retention_interval maximum_audit_logs_retention_period
    default_team_disabled allow_requests_on_db_unavailable cut_streams_on_block alerting alerting_args
    store_model_in_db disable_add_model_via_api ignore_stored_settings encryption_algorithm allowed_routes
    admin_only_routes reject_clientside_metadata_tags health_check_details health_check_concurrency
    public_routes allowed_ips trusted_proxy_ranges max_request_size_mb max_response_size_mb`,
  unserved: `database_connection_timeout database_connection_pool_timeout supported_db_objects
    infer_model_from_keys allow_user_auth custom_auth_run_common_checks
    forward_client_headers_to_llm_api forward_openai_org_id forward_llm_provider_auth_headers
    allow_client_side_credentials maximum_spend_logs_cleanup_cron disable_reset_budget disable_budget_reservation skip_user_budget_on_team_key
    disable_retry_on_max_parallel_request_limit_error disable_responses_id_security disable_prisma_schema_update
    proxy_budget_rescheduler_min_time proxy_budget_rescheduler_max_time proxy_batch_polling_interval
    user_api_key_cache_ttl background_health_checks
    health_check_interval use_shared_health_check
    enable_health_check_routing health_check_staleness_threshold health_check_ignore_transient_errors
    background_health_check_model_groups health_check_skip_disabled_background_models
    allow_public_health_readiness_details enable_drain_endpoint alerting_threshold alert_types
    alert_to_webhook_url alert_type_config spend_report_frequency pass_through_endpoints
    use_client_credentials_pass_through_routes disable_auto_add_proxy_admin_to_teams coordination_redis
    auto_redirect_ui_login_to_sso use_redis_transaction_buffer litellm_license
    control_plane_url block_robots enable_public_model_hub search_tools user_mcp_management_mode
    enable_mcp_registry`,
  protective: `completion_model embedding_model image_generation_model moderation_model
    custom_auth custom_key_generate custom_sso custom_ui_sso_sign_in_handler
    service_account_settings
    max_in_flight_requests_per_worker max_queued_requests_per_worker admission_queue_timeout_seconds
    disable_spend_updates
    fail_closed_budget_enforcement key_management_system
    key_management_settings use_google_kms use_azure_key_vault enable_jwt_auth litellm_jwtauth enforce_rbac
    role_permissions enable_oauth2_auth enable_oauth2_proxy_auth oauth2_config_mappings
    disable_password_login_when_sso_enabled`,
});

/** Keys of `general_settings.alerting_args`. */
export const alertingArgs = table({
  served: 'budget_alert_ttl',
  unserved: `daily_report_frequency report_check_interval outage_alert_ttl region_outage_alert_ttl
    minor_outage_alert_threshold major_outage_alert_threshold max_outage_alert_list_size log_to_console`,
});

export const litellmSettings = table({
  served: `request_timeout json_logs turn_off_message_logging redact_user_api_key_info
    redact_messages_in_exceptions global_disable_no_log_param require_auth_for_metrics_endpoint timezone
    default_key_generate_params upperbound_key_generate_params key_generation_settings default_team_params
    max_budget budget_duration max_end_user_budget max_end_user_budget_id max_internal_user_budget
    default_max_internal_user_budget internal_user_budget_duration default_internal_user_params store_audit_logs
    disable_add_user_agent_to_request_tags enable_key_alias_format_validation`,
  unserved: `success_callback failure_callback callbacks service_callbacks langfuse_default_tags set_verbose
    log_raw_request_response drop_params modify_params num_retries allowed_fails cooldown_time fallbacks
    context_window_fallbacks content_policy_fallbacks default_fallbacks model_alias_map force_ipv4 ssl_verify
    cache cache_params enable_redis_auth_cache default_team_settings
    disable_end_user_cost_tracking disable_end_user_cost_tracking_prometheus_only
    enable_end_user_cost_tracking_prometheus_only audit_log_callbacks
    s3_callback_params cost_discount_config cost_margin_config include_cost_in_streaming_usage
    prometheus_metrics_config prometheus_initialize_budget_metrics custom_prometheus_metadata_labels
    custom_prometheus_tags enable_json_schema_validation enable_preview_features disable_hf_tokenizer_download check_provider_endpoint
    add_user_information_to_llm_headers skip_system_message_in_guardrail
    use_chat_completions_url_for_anthropic_messages route_all_chat_openai_to_responses model_group_settings
    max_ui_session_budget mcp_aliases public_model_groups default_key_max_budget_alert_emails`,
  protective: `priority_reservation guardrails validate_end_user_id_in_db`,
});

const keyParams = 'max_budget budget_duration duration max_parallel_requests tpm_limit rpm_limit models';

/** Keys of `litellm_settings.default_key_generate_params`. */
export const defaultKeyParams = table({
  served: `${keyParams} team_id metadata soft_budget budget_limits model_max_budget tags`,
  protective: `user_id organization_id budget_id model_rpm_limit
    model_tpm_limit permissions guardrails policies aliases allowed_routes allowed_cache_controls enforced_params`,
});

/** Keys of each window of `budget_limits`, and of what `model_max_budget` says of a model. */
export const windowParams = table({ served: 'budget_duration max_budget' });
export const modelBudgetParams = table({
  served: 'max_budget budget_limit budget_duration time_period rpm_limit tpm_limit',
});

/** Keys of `litellm_settings.default_internal_user_params`. */
export const defaultUserParams = table({
  served: `user_role max_budget budget_duration tpm_limit rpm_limit max_parallel_requests models teams
    available_teams`,
});

/** Keys of each entry of its `teams`. */
export const defaultUserTeam = table({ served: 'team_id user_role max_budget_in_team' });

/** Keys of each entry of `general_settings.user_header_mappings`. */
export const userHeaderMapping = table({ served: 'header_name litellm_user_role' });

/** Keys of `litellm_settings.default_team_params`. */
export const defaultTeamParams = table({
  served: 'max_budget budget_duration tpm_limit rpm_limit models team_member_permissions',
});

/** Keys of `litellm_settings.upperbound_key_generate_params`. */
export const upperboundKeyParams = table({ served: keyParams });

/** Keys of `litellm_settings.key_generation_settings`, and of each rule in it. */
export const keyGeneration = table({ served: 'team_key_generation personal_key_generation' });
export const keyGenerationRule = table({
  served: 'allowed_user_roles allowed_team_member_roles required_params',
});

export const routerSettings = table({
  served: `model_group_alias timeout stream_timeout optional_pre_call_checks default_max_parallel_requests
    redis_host redis_port redis_password redis_url redis_db`,
  unserved: `routing_strategy routing_strategy_args num_retries retry_after max_fallbacks fallbacks
    context_window_fallbacks content_policy_fallbacks default_fallbacks allowed_fails allowed_fails_policy
    cooldown_time disable_cooldowns retry_policy model_group_retry_policy enable_pre_call_checks
    deployment_affinity_ttl_seconds model_group_affinity_config default_priority polling_interval
    default_litellm_params caching_groups cache_responses cache_kwargs client_ttl set_verbose debug_level
    routing_groups ignore_invalid_deployments
    tag_filtering_match_any`,
  protective: `guardrail_list provider_budget_config
    enable_tag_filtering`,
});

export const modelEntry = table({
  served: 'model_name litellm_params model_info tpm rpm',
  protective: 'guardrails',
});

/** Keys of `litellm_params` that mean something to LiteLLM; all others are sent to the provider. */
export const litellmParams = table({
  served: `model api_key api_base base_url organization custom_llm_provider litellm_credential_name timeout
    stream_timeout extra_headers headers rpm tpm max_parallel_requests ${priceKeys.join(' ')}`,
  unserved: `api_version region_name itpm otpm weight order max_retries num_retries cooldown_time
    drop_params additional_drop_params allowed_openai_params configurable_clientside_auth_params tag_regex
    input_cost_per_second output_cost_per_second input_cost_per_pixel output_cost_per_pixel
    input_cost_per_image output_cost_per_image use_in_pass_through use_litellm_proxy
    use_chat_completions_api merge_reasoning_content_in_choices max_file_size_mb keepalive_seconds ssl_verify
    prompt_id auto_router_config auto_router_config_path auto_router_default_model auto_router_embedding_model
    complexity_router_config`,
  protective: `max_budget budget_duration guardrails tags default_api_key_tpm_limit
    default_api_key_rpm_limit mock_response`,
});

/** Keys of `model_info` with an effect that would be missed; all others are kept as they are. */
export const modelInfo = table({
  served: `id base_model access_groups max_output_tokens max_tokens health_check_model health_check_max_tokens
    health_check_timeout team_id team_public_model_name ${priceKeys.join(' ')}`,
  unserved: `health_check_max_tokens_reasoning health_check_max_tokens_non_reasoning health_check_reasoning_effort
    health_check_voice tier input_cost_per_second output_cost_per_second input_cost_per_image output_cost_per_image`,
  protective: 'blocked supported_environments',
});

/** Callbacks that check or limit calls: naming one of them is believed to protect. */
export const protectiveCallbacks: ReadonlySet<string> = new Set(
  `presidio detect_prompt_injection dynamic_rate_limiter dynamic_rate_limiter_v3 parallel_request_limiter
  lakera_prompt_injection llamaguard_moderations llmguard_moderations openai_moderations
  google_text_moderation aporia_prompt_injection hide_secrets banned_keywords blocked_user_check
  batch_redis_requests`.split(/\s+/),
);

/** Names that security guides recommend and LiteLLM never had, and what does what they promise. */
export const inventedNames: ReadonlyMap<string, string> = new Map([
  [
    'master_key_auth',
    'LiteLLM has no such setting; general_settings.master_key turns authentication on, and here it is always on',
  ],
  [
    'budget_alert_threshold',
    'LiteLLM has no such setting; alerts are sent at 85, 95 and 100 % of a budget, and at its soft_budget, which you choose',
  ],
  ['redact_messages_in_logs', 'LiteLLM has no such setting; logs here never hold messages, so remove it'],
  [
    'sso_providers',
    'LiteLLM has no such setting; it chooses SSO by environment variables, and SSO is not served yet',
  ],
  [
    'secret_manager',
    'LiteLLM has no such setting; put keys into the providers file, which only root and the service can read',
  ],
  [
    'log_retention_days',
    'LiteLLM has no such setting; write general_settings.maximum_spend_logs_retention_period, as 400d',
  ],
  [
    'rate_limit_config',
    'LiteLLM has no such setting; it limits by rpm_limit, tpm_limit and max_parallel_requests of keys, teams, users and customers: give them to /key/generate, /team/new and the like',
  ],
  ['allowed_models', 'LiteLLM has no such setting; give `models` to /key/generate'],
  ['detailed_debug', 'LiteLLM has no such setting; set LITELLM_LOG=DEBUG in the environment'],
]);
