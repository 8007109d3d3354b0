import type { FastifyReply } from 'fastify';
import type { Finding } from '../../config/config.ts';
import type { Settings } from '../../config/findings.ts';
import { type ConfigSource, readConfig } from '../../config/read-config.ts';
import { sortSettings } from '../../config/read-stored.ts';
import { type StoredSection, storedSections } from '../../config/stored-keys.ts';
import type { StoredSettings } from '../../config/stored-settings.ts';
import { otherReferences } from '../../config/stored-variables.ts';
import type { GatewayRequest, Handlers } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { type ConfigRow, lockConfigRows, writeConfigRow } from '../../store/config-table.ts';
import { openSettings } from '../../store/open-settings.ts';
import { change, changedBy, type ManagementDeps } from './change.ts';
import { type Changes, settingsAt } from './changes.ts';
import { badRequest, forbidden } from './faults.ts';
import { management } from './management.ts';
import {
  readField,
  readFieldName,
  readUpdate,
  requireSections,
  requireStorable,
} from './settings-requests.ts';
import { auditedRow, emptyRow, shownRow, withValues } from './settings-rows.ts';
import { requireWritable } from './stored-models.ts';

/** What the handlers of settings in the database work with. */
export interface StoredSettingsDeps extends ManagementDeps {
  readonly source: ConfigSource;
  /** The same as YAML has it. */
  readonly file: () => Settings;
  /** Whether the operator wants none of them. */
  readonly ignored: boolean;
}

/** Refuses to store what would not count. */
function requireCounting(deps: StoredSettingsDeps): void {
  requireWritable(deps);
  if (!deps.ignored) return;
  throw forbidden(
    'ignore_stored_settings',
    'Settings cannot be stored: general_settings.ignore_stored_settings is set, so they would not count',
  );
}

/** A row as it was, and as it is now. */
interface Written {
  readonly before: ConfigRow | undefined;
  readonly after: ConfigRow;
}

function record(changed: Changes, { before, after }: Written): void {
  const place = settingsAt(after.param_name);
  if (before === undefined) changed.created(place, auditedRow(after));
  else changed.updated(place, auditedRow(before), auditedRow(after));
}

/** Throws GatewayError bad_request, in the words of a start, where the gateway would not start with these rows. */
function requireStart({ source, file, saltKeys }: StoredSettingsDeps, rows: readonly ConfigRow[]): void {
  const { counted } = sortSettings(file(), openSettings(rows, saltKeys).settings);
  const { faults } = readConfig({ ...source, stored: counted });
  if (faults.length === 0) return;
  const { path, message } = faults[0] as Finding;
  throw badRequest(path, `${path}: ${message}`);
}

/** The handlers that change settings in the database. They count when a gateway is started. */
export function storedSettingsHandlers(deps: StoredSettingsDeps) {
  function tell(request: GatewayRequest, reply: FastifyReply, names: readonly string[]): void {
    reply.header('x-litellm-takes-effect', 'at the next start of the gateway');
    request.log.info(
      { settings: names },
      'settings of the database were changed: they count from the next start on',
    );
  }

  async function store(
    request: GatewayRequest,
    who: Identity,
    wanted: StoredSettings,
  ): Promise<readonly ConfigRow[]> {
    const references = otherReferences(deps.file());
    const values = Object.entries(wanted).map(
      ([name, members]) =>
        [name as StoredSection, requireStorable(name as StoredSection, members, references)] as const,
    );
    return change(deps, changedBy(request, who), async (db, changed) => {
      const rows = await lockConfigRows(db, storedSections);
      const written = values.map(([name, members]): Written => {
        const before = rows.find(({ param_name }) => param_name === name);
        return { before, after: withValues(before ?? emptyRow(name), members, deps.saltKeys) };
      });
      const after = written.map((row) => row.after);
      const others = rows.filter((row) => !after.some(({ param_name }) => param_name === row.param_name));
      requireStart(deps, [...others, ...after]);
      for (const row of written) {
        await writeConfigRow(db, row.after);
        record(changed, row);
      }
      return after;
    });
  }

  async function updateAll(request: GatewayRequest, who: Identity, reply: FastifyReply) {
    requireCounting(deps);
    requireSections(readUpdate.ignored(request.body));
    const update = readUpdate(request.body);
    const given = storedSections.flatMap((name) => {
      const members = update[name] ?? {};
      return Object.keys(members).length === 0 ? [] : [[name, members] as const];
    });
    if (given.length === 0) {
      throw badRequest('general_settings', `Nothing to store: write some of ${storedSections.join(', ')}`);
    }
    await store(request, who, Object.fromEntries(given));
    tell(
      request,
      reply,
      given.flatMap(([name, members]) => Object.keys(members).map((member) => `${name}.${member}`)),
    );
    return { message: 'Config updated successfully' };
  }

  async function updateOne(request: GatewayRequest, who: Identity, reply: FastifyReply) {
    requireCounting(deps);
    const { config_type: section, field_name: name, field_value: value } = readField(request.body);
    const [row] = await store(request, who, { [section]: { [name]: value } });
    tell(request, reply, [`${section}.${name}`]);
    return shownRow(row as ConfigRow);
  }

  async function deleteOne(request: GatewayRequest, who: Identity, reply: FastifyReply) {
    requireWritable(deps);
    const { config_type: section, field_name: name } = readFieldName(request.body);
    const row = await change(deps, changedBy(request, who), async (db, changed) => {
      const [before] = await lockConfigRows(db, [section]);
      if (before === undefined || !Object.hasOwn(before.param_value, name)) {
        throw badRequest('field_name', `The database has no ${section}.${name}`);
      }
      const { [name]: _gone, ...rest } = before.param_value;
      const after = { ...before, param_value: rest };
      await writeConfigRow(db, after);
      record(changed, { before, after });
      return after;
    });
    tell(request, reply, [`${section}.${name}`]);
    return shownRow(row);
  }

  return {
    updateSettings: management(updateAll, { body: readUpdate }),
    updateSetting: management(updateOne, { body: readField, errors: 'detail' }),
    deleteSetting: management(deleteOne, { body: readFieldName, errors: 'detail' }),
  } satisfies Partial<Handlers>;
}
