import { GatewayError } from '../../http/errors.ts';
import type { Identity } from '../../identity/identity.ts';
import {
  governsOrganization,
  type KeyRights,
  keyRights,
  type MemberPermission,
  memberMay,
  seesAll,
  type TeamObject,
  teamRights,
} from '../../identity/permissions.ts';
import type { Connection } from '../../store/connection.ts';
import { holdOrganizations } from '../../store/organizations.ts';
import { readTeam } from '../../store/teams.ts';
import type { KeyOwner, VirtualKeyRow } from '../../store/virtual-keys.ts';
import { badRequest, forbidden } from './faults.ts';
import type { KeyFields } from './key-requests.ts';
import { requireMayBeNobodys } from './nobodys-keys.ts';

type OwnedKey = Pick<VirtualKeyRow, 'token' | 'user_id' | 'team_id' | 'organization_id' | 'created_by'>;

/** What the caller may do with a key that is stored. */
export async function rightsOnKey(db: Connection, who: Identity, key: OwnedKey): Promise<KeyRights> {
  const team = key.team_id === null ? null : ((await readTeam(db, key.team_id)) ?? null);
  return keyRights(who, { ...key, team });
}

/** What a listing is asked to show; null where nothing was asked. */
export interface ListingTarget {
  readonly userId: string | null;
  readonly organizationId: string | null;
  readonly teamId: string | null;
  /** The team of that id, where there is one. */
  readonly team: TeamObject | null;
  readonly includeCreatedBy: boolean;
  readonly includeTeamKeys: boolean;
}

function maySeeAsked(who: Identity, { organizationId, teamId, team }: ListingTarget): boolean {
  const teamSeen = team !== null && (teamRights(who, team).run || memberMay(who, team, '/key/list'));
  const organizationSeen = organizationId !== null && who.adminOfOrganizations.includes(organizationId);
  return (teamId === null || teamSeen) && (organizationId === null || organizationSeen);
}

/**
 * Whose keys a listing shows: null for everybody's, within the team or organisation that was asked for. Throws GatewayError
 * forbidden when those are others'.
 */
export function listingScope(who: Identity, target: ListingTarget): KeyOwner | null {
  const { userId, organizationId, teamId, includeCreatedBy, includeTeamKeys } = target;
  if (seesAll(who)) {
    return userId === null ? null : { userId, keyHash: null, teamIds: [], includeCreatedBy };
  }
  const others = userId !== null && userId !== who.userId;
  if (others || !maySeeAsked(who, target)) {
    throw new GatewayError(
      'forbidden',
      'This key may list only its own user’s keys, and those of a team it runs',
      {
        type: 'bad_request_error',
        param: null,
      },
    );
  }
  if (userId === null && (teamId !== null || organizationId !== null)) return null;
  return {
    userId: who.userId,
    keyHash: who.userId === null ? who.keyHash : null,
    teamIds: includeTeamKeys ? who.adminOfTeams : [],
    includeCreatedBy,
  };
}

/** Whom a new key is for. */
export interface NewOwner {
  readonly userId: string | null;
  readonly teamId: string | null;
  readonly organizationId: string | null;
}

/** The same, and whether the caller runs that team. */
export interface NewOwnerByMaker extends NewOwner {
  readonly runsTeam: boolean;
}

/**
 * Whether the caller runs the team; false for a member to whom the team has opened this route. Throws GatewayError
 * bad_request, forbidden or member_permission for whoever may not make keys of it.
 */
export async function requireTeamKeys(
  db: Connection,
  who: Identity,
  teamId: string,
  route: MemberPermission,
): Promise<boolean> {
  const team = await readTeam(db, teamId);
  if (team !== undefined && teamRights(who, team).run) return true;
  if (team !== undefined && memberMay(who, team, route)) return false;
  if (who.role === 'proxy_admin') throw badRequest('team_id', `There is no team '${teamId}'`);
  if (team !== undefined && teamRights(who, team).read) {
    throw new GatewayError(
      'member_permission',
      `Team members may not make keys of this team: '${route}' is not among its team_member_permissions`,
    );
  }
  throw forbidden('team_id', 'This key may make keys only for its own user, and for teams that it runs');
}

/** Throws GatewayError bad_request for an organisation that is not there, or is not that of the key's team. */
export async function requireOrganizationOf(
  db: Connection,
  { organizationId, teamId }: Pick<NewOwner, 'organizationId' | 'teamId'>,
): Promise<void> {
  if (organizationId === null) return;
  const [organization] = await holdOrganizations(db, [organizationId], 'FOR KEY SHARE');
  if (organization === undefined) {
    throw badRequest('organization_id', `There is no organisation '${organizationId}'`);
  }
  const team = teamId === null ? undefined : await readTeam(db, teamId);
  const teams = team?.organization_id ?? organizationId;
  if (teams === organizationId) return;
  throw badRequest(
    'organization_id',
    `Team '${teamId}' belongs to organisation '${teams}', and so do its keys; leave 'organization_id' out`,
  );
}

/**
 * The organisation that the caller may make this key for: one that it runs; that of the key's team may be named by whoever
 * makes keys of it. Throws GatewayError bad_request or forbidden.
 */
export async function newKeysOrganization(
  db: Connection,
  who: Identity,
  { organization_id, team_id }: KeyFields,
): Promise<string | null> {
  const organizationId = organization_id || null;
  const teamId = team_id || null;
  if (organizationId === null) return null;
  const runs = who.role === 'proxy_admin' || governsOrganization(who, organizationId);
  const ofTeam = teamId !== null && (await readTeam(db, teamId))?.organization_id === organizationId;
  if (!runs && !ofTeam) {
    throw forbidden('organization_id', 'This key may make keys only of organisations that its user runs');
  }
  await requireOrganizationOf(db, { organizationId, teamId });
  return organizationId;
}

/**
 * Whom the caller may make this key for: a proxy admin for anybody; others for themselves, and without a user for a team
 * or an organisation that they run. Throws GatewayError bad_request, forbidden or member_permission.
 */
export async function newOwner(db: Connection, who: Identity, wanted: KeyFields): Promise<NewOwnerByMaker> {
  const teamId = wanted.team_id || null;
  const runsTeam = teamId !== null && (await requireTeamKeys(db, who, teamId, '/key/generate'));
  const organizationId = await newKeysOrganization(db, who, wanted);
  const place = { teamId, organizationId, runsTeam };
  if (who.role === 'proxy_admin') return { userId: wanted.user_id || null, ...place };
  if (who.userId === null) {
    throw forbidden('user_id', 'This key belongs to no user, and so may make no keys');
  }
  if (wanted.user_id && wanted.user_id !== who.userId) {
    throw forbidden('user_id', 'Only a proxy admin may make keys for other users: a key acts as its user');
  }
  const runs = runsTeam || governsOrganization(who, organizationId);
  const userId = wanted.user_id === null && runs ? null : who.userId;
  await requireMayBeNobodys(db, who, { userId, teamId, organizationId });
  return { userId, ...place };
}

const within = (wanted: readonly string[], own: readonly string[]): boolean =>
  own.length === 0 || (wanted.length > 0 && wanted.every((name) => own.includes(name)));

/**
 * Throws GatewayError forbidden where a key would be linked to a budget that the caller may not look at: who links it is shown it.
 * `linked`: what the key is linked to now.
 */
export function requireMayLink(who: Identity, wanted: KeyFields, linked: string | null): void {
  if (seesAll(who) || !wanted.budget_id || wanted.budget_id === linked) return;
  throw forbidden(
    'budget_id',
    "A key is linked to a budget by a proxy admin; give it a 'max_budget' of its own",
  );
}

/** Throws GatewayError forbidden for fields that would let a key do more than the key that asks for it. */
export function requireNoWider(who: Identity, wanted: KeyFields): void {
  const admin = who.role === 'proxy_admin';
  if (!admin && wanted.spend !== undefined && wanted.spend !== null) {
    throw forbidden('spend', 'Only a proxy admin may set what was spent');
  }
  if (!admin && wanted.permissions?.get_spend_routes && !who.seesAllSums) {
    throw forbidden(
      'permissions',
      'A key that does not see what everybody has spent may let no other key see it',
    );
  }
  if (!within(wanted.allowed_routes ?? [], who.allowedRoutes)) {
    throw forbidden(
      'allowed_routes',
      'A key that is bound to routes may allow other keys these routes alone',
    );
  }
  if (!admin && !within(wanted.models ?? [], who.models)) {
    throw forbidden('models', 'A key that is bound to models may allow other keys these models alone');
  }
}
