import type { Identity } from '../../identity/identity.ts';
import { keyRights, seesAll, teamRights, userRights } from '../../identity/permissions.ts';
import type { Connection } from '../../store/connection.ts';
import { organizationsOf } from '../../store/organizations.ts';
import { readTeams, type TeamRow } from '../../store/teams.ts';
import type { UserRow } from '../../store/users.ts';
import type { VirtualKeyRow } from '../../store/virtual-keys.ts';

type Teams = ReadonlyMap<string, TeamRow>;

async function teamsById(db: Connection, teamIds: readonly string[]): Promise<Teams> {
  const teams = await readTeams(db, [...new Set(teamIds)]);
  return new Map(teams.map((team) => [team.team_id, team]));
}

/** Of some keys those that the caller may look at. */
export async function readableKeys(
  db: Connection,
  who: Identity,
  keys: readonly VirtualKeyRow[],
): Promise<readonly VirtualKeyRow[]> {
  if (seesAll(who)) return keys;
  const teams = await teamsById(
    db,
    keys.flatMap(({ team_id }) => team_id ?? []),
  );
  return keys.filter((key) => keyRights(who, { ...key, team: teams.get(key.team_id ?? '') ?? null }).read);
}

/** Users whom the caller may look at, of their teams those that it may look at too. */
export async function withReadableTeams<U extends UserRow>(
  db: Connection,
  who: Identity,
  users: readonly U[],
): Promise<readonly U[]> {
  if (seesAll(who)) return users;
  const teams = await teamsById(
    db,
    users.flatMap((user) => user.teams),
  );
  const isSeen = (teamId: string): boolean => {
    const team = teams.get(teamId);
    return team !== undefined && teamRights(who, team).read;
  };
  return users.map((user) =>
    user.user_id === who.userId ? user : { ...user, teams: user.teams.filter(isSeen) },
  );
}

/** By what others know somebody whom they may not look at. */
export function nameOfUser({ user_id, user_alias, user_email }: UserRow): Partial<UserRow> {
  return { user_id, user_alias, user_email };
}

/** Users as the caller sees them: those whom it may look at, and of the others the names. */
export async function shownUsers(
  db: Connection,
  who: Identity,
  users: readonly UserRow[],
): Promise<readonly Partial<UserRow>[]> {
  const seen: Partial<UserRow>[] = [];
  for (const user of await withReadableTeams(db, who, users)) {
    const organizations = seesAll(who) ? [] : await organizationsOf(db, user.user_id);
    const { read } = userRights(who, { user_id: user.user_id, organizations });
    seen.push(read ? user : nameOfUser(user));
  }
  return seen;
}
