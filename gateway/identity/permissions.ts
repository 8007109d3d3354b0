import type { Identity } from './identity.ts';

/** What a caller may do with a virtual key. */
export interface KeyRights {
  readonly read: boolean;
  /** Change what says nothing of its rights, and narrow those. */
  readonly adjust: boolean;
  /** Change its rights and limits. */
  readonly govern: boolean;
  /** Block it, or lift the block. */
  readonly block: boolean;
  readonly delete: boolean;
  /** Be given a new secret for it, and so act as whom it belongs to. */
  readonly hold: boolean;
}

export interface TeamRights {
  readonly read: boolean;
  /** Change its name and its members, and narrow what it may do. */
  readonly run: boolean;
  /** Change what it may do, block it, delete it. */
  readonly govern: boolean;
}

export interface OrganizationRights {
  readonly read: boolean;
  /** Change its name and its members, and narrow what it may do. */
  readonly run: boolean;
  /** Change what it may do and spend, delete it. */
  readonly govern: boolean;
}

export interface UserRights {
  readonly read: boolean;
  /** Change how the person is reached. */
  readonly adjust: boolean;
  /** Change what the user may do, delete it. */
  readonly govern: boolean;
}

export interface TeamObject {
  readonly team_id: string;
  readonly organization_id: string | null;
  readonly team_member_permissions: readonly string[];
}

export interface KeyObject {
  readonly token: string;
  readonly user_id: string | null;
  readonly team_id: string | null;
  readonly organization_id: string | null;
  readonly created_by: string | null;
  /** The team's row; null for a personal key, and for one whose team does not exist. */
  readonly team: TeamObject | null;
}

export interface UserObject {
  readonly user_id: string;
  readonly organizations: readonly string[];
}

/** What a member may do with the keys of a team that says nothing about it. */
export const MEMBER_PERMISSIONS: readonly string[] = ['/key/info', '/key/health'];

/** Management routes of keys that a team may open to its members. */
export const memberPermissions = [
  '/key/info',
  '/key/health',
  '/key/list',
  '/key/generate',
  '/key/service-account/generate',
  '/key/update',
  '/key/delete',
  '/key/regenerate',
] as const;

export type MemberPermission = (typeof memberPermissions)[number];

const overseer = ({ role }: Identity): boolean => role === 'proxy_admin' || role === 'proxy_admin_viewer';

const isUser = (who: Identity, userId: string | null): boolean => userId !== null && who.userId === userId;

export const governsOrganization = (who: Identity, organizationId: string | null): boolean =>
  organizationId !== null && who.adminOfOrganizations.includes(organizationId);

/** Whether a member of a team may call a route for the team's keys. */
export function memberMay(who: Identity, team: TeamObject, route: string): boolean {
  const { team_member_permissions: said } = team;
  return (
    who.memberOfTeams.includes(team.team_id) &&
    (said.length === 0 ? MEMBER_PERMISSIONS : said).includes(route)
  );
}

export function teamRights(who: Identity, team: TeamObject): TeamRights {
  const govern = who.role === 'proxy_admin' || governsOrganization(who, team.organization_id);
  const run = govern || who.adminOfTeams.includes(team.team_id);
  const inside = who.teamId === team.team_id || who.memberOfTeams.includes(team.team_id);
  return { read: run || inside || overseer(who), run, govern };
}

/** `member`: whether the caller's user is a member of it. */
export function organizationRights(
  who: Identity,
  { organizationId, member }: { readonly organizationId: string; readonly member: boolean },
): OrganizationRights {
  const govern = who.role === 'proxy_admin';
  const run = govern || governsOrganization(who, organizationId);
  return { read: run || member || who.organizationId === organizationId || overseer(who), run, govern };
}

/**
 * A key acts as its user, so nobody else but a proxy admin is given its secret. Its user governs it where he has made it
 * himself: of one that he was given he may not lift the limits.
 */
export function keyRights(who: Identity, key: KeyObject): KeyRights {
  const { team } = key;
  const admin = who.role === 'proxy_admin';
  const runs =
    admin ||
    governsOrganization(who, team?.organization_id ?? key.organization_id) ||
    (team !== null && teamRights(who, team).run);
  const itsUser = isUser(who, key.user_id);
  const member = (route: string): boolean => team !== null && memberMay(who, team, route);
  const own = itsUser && (key.team_id === null || member('/key/update'));
  return {
    read: runs || itsUser || who.keyHash === key.token || overseer(who) || member('/key/info'),
    adjust: runs || itsUser,
    govern: runs || (own && key.created_by === who.userId),
    block: runs,
    delete: runs || itsUser || member('/key/delete'),
    hold: admin || itsUser || (key.user_id === null && (runs || member('/key/regenerate'))),
  };
}

export function userRights(who: Identity, user: UserObject): UserRights {
  const govern = who.role === 'proxy_admin';
  const self = isUser(who, user.user_id);
  const organizes = user.organizations.some((organization) => governsOrganization(who, organization));
  return { read: self || overseer(who) || organizes, adjust: govern || self, govern };
}

/** Whether the caller sees every key, team and user. */
export function seesAll(who: Identity): boolean {
  return overseer(who);
}

/** The caller as it asks for sums of what was spent: one that may see everybody's sees them as a viewer does, and no calls. */
export function readerOfSums(who: Identity): Identity {
  return who.seesAllSums && !overseer(who) ? { ...who, role: 'proxy_admin_viewer' } : who;
}

/** Whose calls a caller sees: it is any of these that a call belongs to. */
export interface SpendView {
  readonly userId: string | null;
  /** Of a key that acts for no user. */
  readonly keyHash: string | null;
  readonly teamIds: readonly string[];
  readonly organizationIds: readonly string[];
}

/** The caller itself, as the one who has spent something; null for whoever sees everybody. */
export function ownSpend(who: Identity): Pick<SpendView, 'userId' | 'keyHash'> | null {
  if (overseer(who)) return null;
  return { userId: who.userId, keyHash: who.userId === null ? who.keyHash : null };
}

/** The calls that a caller sees: everybody its own, and whoever runs a team or an organisation those of it; null for all. */
export function spendView(who: Identity): SpendView | null {
  const own = ownSpend(who);
  return own && { ...own, teamIds: who.adminOfTeams, organizationIds: who.adminOfOrganizations };
}
