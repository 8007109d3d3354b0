import type { Config, ShownSetting } from '../../config/config.ts';
import { Findings, Reader } from '../../config/findings.ts';
import { fileOnDemand } from '../../config/read-stored.ts';
import { shownSettings } from '../../config/shown-settings.ts';
import { storable } from '../../config/stored-keys.ts';
import type { Handlers } from '../../http/handler.ts';
import { readConfigRows } from '../../store/config-table.ts';
import { badRequest } from './faults.ts';
import { management } from './management.ts';
import { type StoredSettingsDeps, storedSettingsHandlers } from './stored-settings.ts';
import { queryReader } from './validation.ts';

const SECOND = 1000;

const readListQuery = queryReader<{ readonly config_type: 'general_settings' }>({
  type: 'object',
  required: ['config_type'],
  properties: { config_type: { enum: ['general_settings'] } },
});

const readFieldQuery = queryReader<{ readonly field_name: string }>({
  type: 'object',
  required: ['field_name'],
  properties: { field_name: { type: 'string' } },
});

/** A setting, and whether its value is the database's, which counts from the next start on if it does not yet. */
type FoundSetting = ShownSetting & { readonly stored?: boolean };

/** A setting in the words of LiteLLM's lists. Whether it is stored in the database: null for one that nobody has set. */
const listed = ({ name, type, description, value, fallback, stored = false }: FoundSetting) => ({
  field_name: name,
  field_type: type,
  field_description: description,
  field_value: value,
  stored_in_db: value === null ? null : stored,
  field_default_value: fallback,
  premium_field: false,
  nested_fields: null,
});

/** A setting as LiteLLM's form of the router has it. */
const formField = ({ name, type, description, value, fallback }: ShownSetting) => ({
  field_name: name,
  field_type: type,
  field_value: value,
  field_description: description,
  field_default: fallback,
  options: null,
  ui_field_name: name,
  link: null,
});

const written = (settings: readonly ShownSetting[]) =>
  Object.fromEntries(settings.flatMap(({ name, value }) => (value === null ? [] : [[name, value]])));

/** Throws GatewayError for a setting that nobody has set, and for one that is not shown. */
function fieldInfo(settings: readonly ShownSetting[], asked: string) {
  const setting = settings.find(({ name }) => name === asked);
  if (setting === undefined) {
    throw badRequest('field_name', `'${asked}' is no general setting that is in force and may be shown`);
  }
  if (setting.value === null) {
    throw badRequest('field_name', `'${asked}' is not set: neither config.yaml nor the database says it`);
  }
  return { field_name: asked, field_value: setting.value };
}

/** No callback is served, whichever the file names; what is told is told to the operator's webhook. */
function callbacksOf({ alerting, storedModels, shownSettings }: Config) {
  const alerts = alerting === null ? [] : ['webhook'];
  return {
    /** `/get/config/callbacks` */
    form: {
      status: 'success',
      callbacks: [],
      alerts: alerts.map((name) => ({ name, variables: {} })),
      router_settings: written(shownSettings.router),
      available_callbacks: {},
    },
    /** `/callbacks/list` */
    list: { success: [], failure: [], success_and_failure: [] },
    /** `/active/callbacks` */
    active: {
      alerting: alerts,
      'litellm.callbacks': [],
      'litellm.input_callback': [],
      'litellm.success_callback': [],
      'litellm.failure_callback': [],
      'litellm._async_success_callback': [],
      'litellm._async_failure_callback': [],
      num_callbacks: 0,
      num_alerting: alerts.length,
      all_litellm_callbacks: [],
      'litellm.request_timeout': storedModels.rules.timeouts.timeoutMs / SECOND,
    },
  };
}

/** The general settings as the file has them, and in the place of these what the database holds. */
function generalSettings({
  db,
  file,
  storedModels,
}: StoredSettingsDeps): () => Promise<readonly FoundSetting[]> {
  const section = 'general_settings';
  return async () => {
    const { general } = shownSettings(new Reader(file(), '', new Findings()));
    const [row] = storedModels.enabled ? await readConfigRows(db, [section]) : [];
    return general.map((setting) => {
      const stored = row?.param_value[setting.name] ?? null;
      const counts = stored !== null && storable[section].includes(setting.name);
      return counts ? { ...setting, value: stored, stored: true } : setting;
    });
  };
}

/** The handlers that show settings, and those that change them in the database. */
export function settingsHandlers(given: Omit<StoredSettingsDeps, 'file'> & { readonly config: Config }) {
  const deps = { ...given, file: fileOnDemand(given.source) };
  const { router, alerting } = deps.config.shownSettings;
  const general = generalSettings(deps);
  const callbacks = callbacksOf(deps.config);
  const active = management(async () => callbacks.active);
  const fields = router.map(formField);
  return {
    ...storedSettingsHandlers(deps),
    listSettings: management(
      async (request) => {
        readListQuery(request.query);
        return (await general()).map(listed);
      },
      { errors: 'detail' },
    ),
    settingInfo: management(
      async (request) => fieldInfo(await general(), readFieldQuery(request.query).field_name),
      { errors: 'detail' },
    ),
    alertingSettings: management(async () => alerting.map(listed)),
    routerSettings: management(async () => ({
      fields,
      current_values: written(router),
      routing_strategy_descriptions: {},
    })),
    routerFields: management(async () => ({
      fields: fields.map((field) => ({ ...field, field_value: null })),
      routing_strategy_descriptions: {},
    })),
    callbackSettings: management(async () => callbacks.form),
    listCallbacks: management(async () => callbacks.list),
    activeCallbacks: active,
    activeCallbacksUnprefixed: active,
  } satisfies Partial<Handlers>;
}
