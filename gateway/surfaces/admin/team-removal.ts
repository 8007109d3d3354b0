import type { PoolClient } from 'pg';
import { owners } from '../../identity/owners.ts';
import { subjects } from '../../identity/subjects.ts';
import type { ChangedBy } from '../../store/changed-by.ts';
import { deleteModelsOfTeams } from '../../store/models-table.ts';
import { removeOwnerBudgets } from '../../store/owner-budgets.ts';
import { deleteTeams, readMemberships, readTeams } from '../../store/teams.ts';
import { forgetTeams } from '../../store/users.ts';
import { hashesOfOwners } from '../../store/virtual-keys.ts';
import { type Changes, modelAt, teamAt } from './changes.ts';
import { removeKeys } from './key-removal.ts';
import { auditedModel } from './stored-models.ts';

/** Deletes teams, which are locked, with their memberships, keys and models as a part of a change. */
export async function removeTeams(
  db: PoolClient,
  changed: Changes,
  teamIds: readonly string[],
  by: ChangedBy,
): Promise<void> {
  const teams = await readTeams(db, teamIds);
  const members = teams.flatMap(({ members_with_roles }) =>
    members_with_roles.flatMap(({ user_id }) => user_id ?? []),
  );
  const accounts = (await readMemberships(db, teamIds)).map((each) =>
    owners.member(each.team_id, each.user_id),
  );
  await deleteTeams(db, teamIds, by);
  for (const model of await deleteModelsOfTeams(db, teamIds)) {
    changed.add(subjects.model(model.model_id)).deleted(modelAt(model.model_id), auditedModel(model, {}));
  }
  await forgetTeams(db, teamIds, members);
  await removeKeys(db, changed, await hashesOfOwners(db, { teamIds }), by);
  await removeOwnerBudgets(db, [...accounts, ...teamIds.map(owners.team)]);
  for (const userId of members) changed.add(subjects.user(userId));
  for (const team of teams) changed.add(subjects.team(team.team_id)).deleted(teamAt(team.team_id), team);
}
