import { memberPermissions } from '../identity/permissions.ts';
import { checkKeys, type KeyCheck } from './check-keys.ts';
import { Reader } from './findings.ts';
import { defaultTeamParams } from './known-keys.ts';
import { budgetParams, given } from './read-params.ts';
import type { TeamDefaults } from './team-defaults.ts';

/** Reads what stands in the configuration about teams that are made. */
export function readTeamDefaults(litellm: Reader, check: KeyCheck): TeamDefaults {
  const place = { path: 'litellm_settings.default_team_params', findings: check.findings };
  const map = litellm.map('default_team_params') ?? {};
  checkKeys(map, place.path, defaultTeamParams, check);
  const reader = new Reader(map, place.path, check.findings);
  const permissions = reader.texts('team_member_permissions');
  const unknown = permissions?.find((name) => !(memberPermissions as readonly string[]).includes(name));
  if (unknown !== undefined) {
    check.findings.fault(
      `${place.path}.team_member_permissions`,
      `'${unknown}' opens nothing; write some of ${memberPermissions.join(', ')}`,
    );
  }
  return given<TeamDefaults>({
    ...budgetParams(reader, place),
    models: reader.texts('models'),
    team_member_permissions: permissions,
  });
}
