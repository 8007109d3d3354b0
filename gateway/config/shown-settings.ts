import type { ShownSetting, ShownSettings } from './config.ts';
import { isMap, type Reader } from './findings.ts';

type Written = readonly [
  name: string,
  type: ShownSetting['type'],
  fallback: ShownSetting['fallback'],
  description: string,
];

/**
 * The settings that are in force and hold no secret. It is a list of what may be shown, so that one that is added to the gateway
 * stays unseen until somebody has thought of it.
 */
const general: readonly Written[] = [
  [
    'budget_enforcement',
    'String',
    'compatible',
    'strict: no budget is overspent; compatible: one call may be',
  ],
  ['on_client_disconnect', 'String', 'drain', 'drain or cancel: what becomes of an answer whose client left'],
  ['token_rate_limit_type', 'String', 'total', 'total, input or output: the tokens that count on tpm_limit'],
  ['global_max_parallel_requests', 'Integer', null, 'Calls at the same time in the whole gateway'],
  ['max_parallel_requests', 'Integer', null, 'Calls at the same time of each deployment that says nothing'],
  ['litellm_key_header_name', 'String', null, 'The only header that holds keys, behind Bearer'],
  ['user_header_name', 'String', null, 'The header that names the end user of a call'],
  ['user_header_mappings', 'List', null, 'Headers that name the end user, asked before that one'],
  ['enforce_user_param', 'Boolean', false, 'Every call must name its end user'],
  ['enforced_params', 'List', null, 'Parameters that every call must have'],
  ['allowed_routes', 'List', null, 'The only routes that are open to keys, the master key too'],
  ['admin_only_routes', 'List', null, 'Routes for proxy admins alone'],
  ['public_routes', 'List', null, 'Routes without a key; it may name those that are, and opens no other'],
  ['allowed_ips', 'List', null, 'Addresses and networks that callers may come from; the machine itself may'],
  ['trusted_proxy_ranges', 'List', null, 'The machine itself alone: the edge says who calls'],
  ['max_request_size_mb', 'Float', null, 'Largest body of a request; 64 anyway'],
  ['max_response_size_mb', 'Float', null, 'Largest answer that is not streamed; 64 anyway'],
  ['reject_clientside_metadata_tags', 'Boolean', false, 'A call that names tags is refused'],
  ['default_team_disabled', 'Boolean', false, 'No keys without a team'],
  ['cut_streams_on_block', 'Boolean', false, 'Running streams of a blocked key end'],
  [
    'allow_requests_on_db_unavailable',
    'Boolean',
    false,
    'Calls are served unchecked while the database is away',
  ],
  ['store_prompts_in_spend_logs', 'Boolean', false, 'Spend rows hold prompts and answers'],
  ['disable_spend_logs', 'Boolean', false, 'Calls leave no spend rows; what they cost counts'],
  ['disable_error_logs', 'Boolean', false, 'Failed and refused calls leave no spend rows'],
  [
    'maximum_spend_logs_retention_period',
    'String',
    null,
    'Age at which spend rows are dropped, such as 400d',
  ],
  ['maximum_spend_logs_retention_interval', 'String', '1d', 'How often it is looked for such rows'],
  ['maximum_audit_logs_retention_period', 'String', null, 'Age at which rows of the audit log are dropped'],
  ['health_check_details', 'Boolean', true, 'GET /health shows what entries say and why one does not answer'],
  ['health_check_concurrency', 'Integer', 8, 'Deployments that GET /health tries at a time'],
  ['store_model_in_db', 'Boolean', false, 'Models of the database are served, and the API writes them'],
  ['disable_add_model_via_api', 'Boolean', false, 'The API changes no models'],
  [
    'ignore_stored_settings',
    'Boolean',
    false,
    'Settings of the database are left out, and no more are stored',
  ],
  [
    'encryption_algorithm',
    'String',
    'aes-256-gcm',
    'What the database seals is sealed so; all formats are read',
  ],
  ['alerting', 'List', null, 'Where it is told that budgets are spent: webhook'],
  ['always_include_stream_usage', 'Boolean', false, 'Streams end with their usage though nobody asked'],
  ['proxy_batch_write_at', 'Float', 10, 'Seconds between two writes of spend rows'],
  ['database_connection_pool_limit', 'Integer', 10, 'Connections of a process to the database'],
  ['use_x_forwarded_for', 'Boolean', false, 'Nothing to set: the edge says who calls'],
  ['ui_access_mode', 'String', 'admin_only', 'all or admin_only; the admin UI lets in the admin alone'],
  ['disable_master_key_return', 'Boolean', true, 'Nothing to set: no answer holds the master key'],
  ['disable_adding_master_key_hash_to_db', 'Boolean', true, 'Nothing to set: its hash is in no row'],
  ['allow_unknown_settings', 'Boolean', false, 'Settings that nobody knows are warned of, not refused'],
];

const router: readonly Written[] = [
  ['model_group_alias', 'Dict', null, 'Further names of model groups'],
  ['timeout', 'Float', null, 'Seconds that a call may take'],
  ['stream_timeout', 'Float', null, 'Seconds that a streamed call may take'],
  [
    'optional_pre_call_checks',
    'List',
    null,
    'enforce_model_rate_limits: rpm and tpm of deployments limit them',
  ],
  [
    'default_max_parallel_requests',
    'Integer',
    null,
    'Calls at the same time of a deployment that says nothing',
  ],
  ['redis_host', 'String', null, 'The server by which machines share counters of limits'],
  ['redis_port', 'Integer', 6379, 'Its port'],
  ['redis_db', 'Integer', null, 'The number of its database'],
];

const alerting: readonly Written[] = [
  ['budget_alert_ttl', 'Integer', 86_400, 'Seconds after which what was told may be told again'],
];

function shown(table: readonly Written[], settings: unknown): readonly ShownSetting[] {
  const said = isMap(settings) ? settings : {};
  return table.map(([name, type, fallback, description]) => ({
    name,
    type,
    description,
    fallback,
    value: said[name] ?? null,
  }));
}

/** What may be shown of a file, as it is written: references in it are not resolved. */
export function shownSettings(file: Reader): ShownSettings {
  const said = file.map('general_settings') ?? {};
  return {
    general: shown(general, said),
    router: shown(router, file.map('router_settings')),
    alerting: shown(alerting, said.alerting_args),
  };
}
