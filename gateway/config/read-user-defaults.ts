import { checkKeys, type KeyCheck } from './check-keys.ts';
import { isMap, Reader } from './findings.ts';
import { defaultUserParams, defaultUserTeam } from './known-keys.ts';
import { budgetParams, checkedDuration, given, parallelCalls, usd } from './read-params.ts';
import type { DefaultTeam, UserDefaults } from './user-defaults.ts';

/** One entry of `teams`: the id of a team, or a map that says more of the membership. */
function readTeam(entry: unknown, path: string, check: KeyCheck): readonly DefaultTeam[] {
  const { findings } = check;
  const map = isMap(entry) ? entry : { team_id: entry };
  checkKeys(map, path, defaultUserTeam, check);
  const reader = new Reader(map, path, findings);
  if ((map.team_id ?? null) === null) findings.fault(`${path}.team_id`, 'is missing: name the team');
  const team_id = reader.text('team_id');
  const more = given<Omit<DefaultTeam, 'team_id'>>({
    user_role: reader.choice('user_role', ['user', 'admin']),
    max_budget_in_team: usd(reader, 'max_budget_in_team'),
  });
  return team_id === undefined ? [] : [{ team_id, ...more }];
}

function requireOnce(ids: readonly string[], path: string, { findings }: KeyCheck): void {
  const again = ids.find((id, at) => ids.indexOf(id) !== at);
  if (again !== undefined) findings.fault(path, `names team '${again}' twice; name it once`);
}

function readTeams(reader: Reader, parent: string, check: KeyCheck): readonly DefaultTeam[] | undefined {
  const path = `${parent}.teams`;
  const teams = reader.list('teams')?.flatMap((entry, at) => readTeam(entry, `${path}[${at}]`, check));
  requireOnce(teams?.map(({ team_id }) => team_id) ?? [], path, check);
  return teams;
}

function readAvailable(reader: Reader, parent: string, check: KeyCheck): readonly string[] | undefined {
  const teams = reader.texts('available_teams');
  requireOnce(teams ?? [], `${parent}.available_teams`, check);
  return teams;
}

/** Reads what stands in the configuration about users that are made. What is said in the map of all of it goes before. */
export function readUserDefaults(litellm: Reader, check: KeyCheck): UserDefaults {
  const { findings } = check;
  const place = { path: 'litellm_settings.default_internal_user_params', findings };
  const map = litellm.map('default_internal_user_params') ?? {};
  checkKeys(map, place.path, defaultUserParams, check);
  const reader = new Reader(map, place.path, findings);
  const duration = 'internal_user_budget_duration';
  const maxBudget = usd(litellm, 'max_internal_user_budget');
  const fallback = usd(litellm, 'default_max_internal_user_budget');
  const alone = {
    max_budget: maxBudget ?? fallback,
    budget_duration: checkedDuration(litellm.text(duration), `litellm_settings.${duration}`, findings),
  };
  return {
    ...given<UserDefaults>(alone),
    ...given<UserDefaults>({
      ...budgetParams(reader, place),
      // Nobody becomes an admin by default.
      user_role: reader.choice('user_role', ['internal_user', 'internal_user_viewer']),
      max_parallel_requests: parallelCalls(reader, place),
      models: reader.texts('models'),
      teams: readTeams(reader, place.path, check),
      available_teams: readAvailable(reader, place.path, check),
    }),
  };
}
