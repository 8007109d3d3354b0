import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Identity } from './identity.ts';
import { NO_LIMITS } from './key-limits.ts';
import { keyRights, organizationRights, teamRights, userRights } from './permissions.ts';
import { NO_TAGS } from './tags.ts';

const nobody: Identity = {
  kind: 'virtual_key',
  role: 'internal_user',
  keyHash: 'own-hash',
  keyAlias: null,
  userId: null,
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
};
const who = (more: Partial<Identity>): Identity => ({ ...nobody, ...more });

const admin = who({ role: 'proxy_admin', userId: 'root' });
const viewer = who({ role: 'proxy_admin_viewer', userId: 'eye' });
const ada = who({ userId: 'ada' });
const lead = who({ userId: 'lead', adminOfTeams: ['red'], memberOfTeams: ['red'] });
const member = who({ userId: 'ada', memberOfTeams: ['red'] });
const organizer = who({ userId: 'org', adminOfOrganizations: ['acme'] });
const elsewhere = who({ userId: 'z', adminOfTeams: ['blue'], adminOfOrganizations: ['other'] });

const red = { team_id: 'red', organization_id: 'acme', team_member_permissions: [] };
const key = (more: object) => ({
  token: 't',
  user_id: null,
  team_id: null,
  organization_id: null,
  created_by: null,
  team: null,
  ...more,
});
const ofRed = (more: object = {}) => key({ team_id: 'red', team: red, ...more });
const opened = { ...red, team_member_permissions: ['/key/regenerate', '/key/delete'] };

/** The names of the rights that are given, in their order. */
const given = (rights: object): string =>
  Object.entries(rights)
    .filter(([, right]) => right)
    .map(([name]) => name)
    .join(' ');

test.each([
  ['an admin', 'anybody’s key', admin, key({ user_id: 'bob' }), 'read adjust govern block delete hold'],
  ['a viewer', 'anybody’s key', viewer, key({ user_id: 'bob' }), 'read'],
  ['a key of nobody', 'itself', nobody, key({ token: 'own-hash' }), 'read'],
  ['a key of nobody', 'another of nobody', nobody, key({}), ''],
  [
    'a user',
    'a key that it made',
    ada,
    key({ user_id: 'ada', created_by: 'ada' }),
    'read adjust govern delete hold',
  ],
  [
    'a user',
    'a key that it was given',
    ada,
    key({ user_id: 'ada', created_by: 'root' }),
    'read adjust delete hold',
  ],
  ['a user', 'another’s key', ada, key({ user_id: 'bob', created_by: 'ada' }), ''],
  [
    'a user',
    'its key in a team',
    member,
    ofRed({ user_id: 'ada', created_by: 'ada' }),
    'read adjust delete hold',
  ],
  ['a member', 'another’s key in the team', member, ofRed({ user_id: 'bob' }), 'read'],
  ['a member', 'the team’s key, opened', member, ofRed({ team: opened }), 'delete hold'],
  [
    'a member',
    'another’s key in the team, opened',
    member,
    ofRed({ user_id: 'bob', team: opened }),
    'delete',
  ],
  ['who runs the team', 'the team’s key', lead, ofRed(), 'read adjust govern block delete hold'],
  ['who runs the team', 'a member’s key', lead, ofRed({ user_id: 'ada' }), 'read adjust govern block delete'],
  [
    'who runs the organisation',
    'a member’s key',
    organizer,
    ofRed({ user_id: 'ada' }),
    'read adjust govern block delete',
  ],
  ['who runs another team', 'the team’s key', elsewhere, ofRed(), ''],
  ['who runs a team', 'a key of a team that is gone', lead, key({ team_id: 'red' }), ''],
])('%s, of %s', (_who, _what, identity, target, expected) => {
  expect(given(keyRights(identity, target))).toBe(expected);
});

test.each([
  ['an admin', admin, 'read run govern'],
  ['a viewer', viewer, 'read'],
  ['who runs the organisation', organizer, 'read run govern'],
  ['who runs it', lead, 'read run'],
  ['a member', member, 'read'],
  ['a key of the team', who({ teamId: 'red' }), 'read'],
  ['a stranger', ada, ''],
  ['who runs another team', elsewhere, ''],
])('%s, of the team', (_who, identity, expected) => {
  expect(given(teamRights(identity, red))).toBe(expected);
});

test.each([
  ['an admin', admin, true, 'read run govern'],
  ['a viewer', viewer, false, 'read'],
  ['who runs it', organizer, true, 'read run'],
  ['a member', ada, true, 'read'],
  ['a key of it', who({ organizationId: 'acme' }), false, 'read'],
  ['a stranger', ada, false, ''],
  ['who runs a team of it', lead, false, ''],
])('%s, of the organisation', (_who, identity, member, expected) => {
  expect(given(organizationRights(identity, { organizationId: 'acme', member }))).toBe(expected);
});

test.each([
  ['who runs the organisation', organizer, 'read adjust govern block delete hold'],
  ['who runs a team of it', lead, ''],
  ['a member', member, ''],
])('%s, of the organisation’s key', (_who, identity, expected) => {
  expect(given(keyRights(identity, key({ organization_id: 'acme' })))).toBe(expected);
});

test.each([
  ['an admin', admin, 'read adjust govern'],
  ['a viewer', viewer, 'read'],
  ['itself', ada, 'read adjust'],
  ['who runs its organisation', organizer, 'read'],
  ['who runs its team', lead, ''],
  ['a key of nobody', nobody, ''],
])('%s, of a user', (_who, identity, expected) => {
  expect(given(userRights(identity, { user_id: 'ada', organizations: ['acme'] }))).toBe(expected);
});

test('nobody but a proxy admin is given the secret of another user’s key', () => {
  const ids = fc.constantFrom('ada', 'bob', 'red', 'acme');
  const list = fc.uniqueArray(ids);
  const caller = fc.record({
    role: fc.constantFrom('proxy_admin_viewer', 'internal_user', 'internal_user_viewer'),
    userId: fc.constantFrom('ada', null),
    memberOfTeams: list,
    adminOfTeams: list,
    adminOfOrganizations: list,
  });
  fc.assert(
    fc.property(caller, list, (fields, permissions) => {
      const team = { ...red, team_member_permissions: [...permissions, '/key/regenerate'] };
      const target = ofRed({ user_id: 'bob', team });
      expect(keyRights(who(fields as Partial<Identity>), target).hold).toBe(false);
    }),
  );
});
