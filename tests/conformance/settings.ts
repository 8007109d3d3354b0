import { detail, number, section, some, text, unprocessable } from './row.ts';

const routerField = {
  field_name: 'redis_port',
  field_type: 'Integer',
  field_description: text,
  field_default: 6379,
  options: null,
  ui_field_name: 'redis_port',
  link: null,
  field_value: null,
};

/** What the configuration file says, as far as it may be seen. */
export const settings = section('3.10', [
  [
    'each general setting, what it is and what the file says',
    'GET /config/list?config_type=general_settings',
    {},
    200,
    some({
      field_name: 'store_model_in_db',
      field_type: 'Boolean',
      field_description: text,
      field_value: true,
      stored_in_db: false,
      field_default_value: false,
      premium_field: false,
      nested_fields: null,
    }),
  ],
  ['of which section', 'GET /config/list', {}, 422, unprocessable],
  ['of no other section', 'GET /config/list?config_type=model_list', {}, 422, unprocessable],
  [
    'one setting',
    'GET /config/field/info?field_name=store_model_in_db',
    {},
    200,
    { field_name: 'store_model_in_db', field_value: true },
  ],
  ['one that the file does not have', 'GET /config/field/info?field_name=alerting', {}, 400, detail],
  ['a secret is none that is shown', 'GET /config/field/info?field_name=master_key', {}, 400, detail],
  [
    'how often alerts come',
    'GET /alerting/settings',
    {},
    200,
    some({
      field_name: 'budget_alert_ttl',
      field_type: 'Integer',
      field_description: text,
      field_value: null,
      stored_in_db: null,
      field_default_value: 86_400,
      premium_field: false,
      nested_fields: null,
    }),
  ],
  [
    'settings of the router',
    'GET /router/settings',
    {},
    200,
    { fields: some(routerField), current_values: {}, routing_strategy_descriptions: {} },
  ],
  ['what they are', 'GET /router/fields', {}, 200, { fields: some(routerField) }],
  [
    'no callback is in force',
    'GET /get/config/callbacks',
    {},
    200,
    { status: 'success', callbacks: [], alerts: [], router_settings: {}, available_callbacks: {} },
  ],
  ['nor listed', 'GET /callbacks/list', {}, 200, { success: [], failure: [], success_and_failure: [] }],
  [
    'nor active',
    'GET /active/callbacks',
    {},
    200,
    { num_callbacks: 0, num_alerting: 0, all_litellm_callbacks: [], 'litellm.request_timeout': number },
  ],
  ['under its other name too', 'GET /settings', {}, 200, { 'litellm.callbacks': [] }],
]);
