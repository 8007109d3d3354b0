import type { GatewayRequest, Handlers } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { seesAll } from '../../identity/permissions.ts';
import { readKeys } from '../../store/virtual-keys.ts';
import { changedBy, type ManagementDeps } from './change.ts';
import { eachByItself } from './each-by-itself.ts';
import { forbidden } from './faults.ts';
import { keyInfo } from './key-answer.ts';
import { rightsOnKey } from './key-permissions.ts';
import { readBulkUpdate, readKeyNames, readUpdate } from './key-requests.ts';
import { changeKey } from './key-update.ts';
import { withBudgets } from './linked-budget.ts';
import { management } from './management.ts';
import { namedKey } from './named-key.ts';

/** `/key/bulk_update`: each key as `/key/update` does it; one that fails leaves the others changed. */
async function updateAll(deps: ManagementDeps, request: GatewayRequest, identity: Identity) {
  if (identity.role !== 'proxy_admin')
    throw forbidden('keys', 'Only a proxy admin may change many keys at once');
  const { keys } = readBulkUpdate(request.body);
  const changer = { who: identity, by: changedBy(request, identity) };
  const outcomes = await eachByItself(keys, (wanted) =>
    changeKey(deps, readUpdate.of({ ...wanted }), changer),
  );
  return {
    total_requested: keys.length,
    successful_updates: outcomes.flatMap(({ asked, done }) =>
      done === null ? [] : { key: asked.key, key_info: done },
    ),
    failed_updates: outcomes.flatMap(({ asked, error }) =>
      error === null ? [] : { key: asked.key, key_info: null, failed_reason: error },
    ),
  };
}

/** `/v2/key/info`: several keys at once, as far as they exist. Throws GatewayError forbidden where one is another's. */
async function infoOfAll({ db }: ManagementDeps, request: GatewayRequest, identity: Identity) {
  const { keys } = readKeyNames(request.body);
  const hashes = keys.map((key) => namedKey(key, 'keys'));
  const found = new Map((await readKeys(db, hashes)).map((row) => [row.token, row]));
  for (const hash of hashes) {
    const row = found.get(hash);
    const seen = row === undefined ? seesAll(identity) : (await rightsOnKey(db, identity, row)).read;
    // A stranger gets one answer for absent keys and for others' keys.
    if (!seen) throw forbidden('keys', 'This key may read only its own user’s keys, and those of its team');
  }
  const rows = hashes.flatMap((hash) => found.get(hash) ?? []);
  const linked = await withBudgets(db, rows);
  const info = rows.map((row, at) => ({
    ...keyInfo(row),
    litellm_budget_table: linked[at]?.litellm_budget_table,
  }));
  return { key: keys, info };
}

/** The handlers of `/key/bulk_update` and `/v2/key/info`. */
export function keyBulkHandlers(deps: ManagementDeps): Pick<Handlers, 'updateKeys' | 'keysInfo'> {
  return {
    updateKeys: management((request, identity) => updateAll(deps, request, identity), {
      body: readBulkUpdate,
    }),
    keysInfo: management((request, identity) => infoOfAll(deps, request, identity), { body: readKeyNames }),
  };
}
