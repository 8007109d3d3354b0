import { expect, test } from 'vitest';
import type { Identity } from '../../identity/identity.ts';
import { NO_LIMITS } from '../../identity/key-limits.ts';
import { NO_TAGS } from '../../identity/tags.ts';
import { type ListingTarget, listingScope, requireNoWider } from './key-permissions.ts';

function who(role: Identity['role'], userId: string | null, more: Partial<Identity> = {}): Identity {
  return {
    kind: 'virtual_key',
    role,
    keyHash: 'own-hash',
    keyAlias: null,
    userId,
    teamId: null,
    organizationId: null,
    agentId: null,
    models: [],
    aliases: { key: {}, team: {} },
    limits: NO_LIMITS,
    ownerLimits: [],
    budgets: [],
    team: null,
    userModels: [],
    organizationModels: [],
    memberOfTeams: [],
    adminOfTeams: [],
    adminOfOrganizations: [],
    allowedRoutes: [],
    seesAllSums: false,
    requiredParams: [],
    tags: NO_TAGS,
    redacted: false,
    spend: 0,
    ...more,
  };
}

const admin = who('proxy_admin', 'root');
const viewer = who('proxy_admin_viewer', 'eye');
const ada = who('internal_user', 'ada');
const lead = who('internal_user', 'lead', { adminOfTeams: ['red'], memberOfTeams: ['red'] });
const member = who('internal_user', 'ada', { memberOfTeams: ['red'] });
const organizer = who('internal_user', 'org', { adminOfOrganizations: ['acme'] });
const nobody = who('internal_user', null);

const red = { team_id: 'red', organization_id: 'acme', team_member_permissions: [] };
const target = (more: Partial<ListingTarget> = {}): ListingTarget => ({
  userId: null,
  organizationId: null,
  teamId: null,
  team: null,
  includeCreatedBy: false,
  includeTeamKeys: false,
  ...more,
});
const ofRed = target({ teamId: 'red', team: red });
const owner = (more: object) => ({
  userId: null,
  keyHash: null,
  teamIds: [],
  includeCreatedBy: false,
  ...more,
});

test.each([
  ['an admin sees all', admin, target(), null],
  ['a viewer sees all', viewer, target(), null],
  ['an admin narrows as it likes', admin, target({ userId: 'bob' }), owner({ userId: 'bob' })],
  ['a user sees its own', ada, target(), owner({ userId: 'ada' })],
  ['a key of nobody sees itself', nobody, target(), owner({ keyHash: 'own-hash' })],
  ['who runs a team sees all of it', lead, ofRed, null],
  ['who runs its organisation sees all of it', organizer, ofRed, null],
  ['who runs an organisation sees its keys', organizer, target({ organizationId: 'acme' }), null],
  [
    'its own keys in a team that it runs',
    lead,
    target({ ...ofRed, userId: 'lead' }),
    owner({ userId: 'lead' }),
  ],
  [
    'its own, and those of the teams that it runs',
    lead,
    target({ includeTeamKeys: true }),
    owner({ userId: 'lead', teamIds: ['red'] }),
  ],
])('%s', (_title, identity, asked, scope) => {
  expect(listingScope(identity, asked)).toEqual(scope);
});

test.each([
  ['another user', ada, target({ userId: 'bob' })],
  ['a team', ada, ofRed],
  ['a team that is not there', lead, target({ teamId: 'blue' })],
  ['a team that it is a member of', member, ofRed],
  ['an organisation', nobody, target({ organizationId: 'acme' })],
  ['any user, for a key of nobody', nobody, target({ userId: 'ada' })],
  ['a member, for who runs the team', lead, target({ ...ofRed, userId: 'ada' })],
])('asking for %s is forbidden', (_title, identity, asked) => {
  expect(() => listingScope(identity, asked)).toThrow('only its own user');
});

const bound = who('internal_user', 'ada', {
  models: ['m1', 'm2'],
  allowedRoutes: ['/key/generate', 'info_routes'],
});

test.each([
  ['the same', { models: ['m1', 'm2'], allowed_routes: ['/key/generate'] }, null],
  ['fewer models', { models: ['m2'], allowed_routes: ['info_routes'] }, null],
  ['every model', { models: [], allowed_routes: ['info_routes'] }, 'models'],
  ['another model', { models: ['m3'], allowed_routes: ['info_routes'] }, 'models'],
  ['every route', { models: ['m1'] }, 'allowed_routes'],
  ['another route', { models: ['m1'], allowed_routes: ['management_routes'] }, 'allowed_routes'],
  ['what was spent', { models: ['m1'], allowed_routes: ['info_routes'], spend: 0 }, 'spend'],
])('a bound key asks for a key with %s', (_what, wanted, refused) => {
  const ask = () => requireNoWider(bound, wanted);
  if (refused === null) expect(ask).not.toThrow();
  else expect(ask).toThrow(expect.objectContaining({ status: 403, param: refused }));
});

test('who sees what everybody has spent may let a key see it, and nobody else', () => {
  const wanted = { permissions: { get_spend_routes: true } };
  expect(() => requireNoWider(who('internal_user', 'ada'), wanted)).toThrow(
    expect.objectContaining({ code: 'forbidden', param: 'permissions' }),
  );
  expect(() => requireNoWider(who('proxy_admin', 'root'), wanted)).not.toThrow();
  expect(() => requireNoWider(who('internal_user', 'ada', { seesAllSums: true }), wanted)).not.toThrow();
  expect(() => requireNoWider(who('internal_user', 'ada'), { permissions: {} })).not.toThrow();
});
