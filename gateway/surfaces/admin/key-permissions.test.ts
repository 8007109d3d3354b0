import { expect, test } from 'vitest';
import type { Identity } from '../../identity/identity.ts';
import { NO_LIMITS } from '../../identity/key-limits.ts';
import { listingScope, maySeeKey } from './key-permissions.ts';

function who(role: Identity['role'], userId: string | null): Identity {
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
    limits: NO_LIMITS,
    budgets: [],
    spend: 0,
  };
}

const admin = who('proxy_admin', 'root');
const ada = who('internal_user', 'ada');
const nobody = who('internal_user', null);
const own = { token: 'own-hash', user_id: null };
const adas = { token: 'other', user_id: 'ada' };
const bobs = { token: 'other', user_id: 'bob' };
const ownerless = { token: 'other', user_id: null };

test.each([
  ['an admin', 'anybody\u2019s key', admin, bobs, true],
  ['a user', 'its own key', ada, own, true],
  ['a user', 'another key of its user', ada, adas, true],
  ['a user', 'another user\u2019s key', ada, bobs, false],
  ['a user', 'a key of nobody', ada, ownerless, false],
  ['a key of nobody', 'itself', nobody, own, true],
  ['a key of nobody', 'another key of nobody', nobody, ownerless, false],
])('%s and %s', (_who, _what, identity, key, allowed) => {
  expect(maySeeKey(identity, key)).toBe(allowed);
});

const everything = { userId: null, teamId: null, organizationId: null };

test.each([
  ['an admin sees all', admin, everything, { userId: null, keyHash: null }],
  ['an admin narrows as it likes', admin, { ...everything, userId: 'bob' }, { userId: 'bob', keyHash: null }],
  ['a user sees its own', ada, everything, { userId: 'ada', keyHash: null }],
  ['a key of nobody sees itself', nobody, everything, { userId: null, keyHash: 'own-hash' }],
])('%s', (_title, identity, target, scope) => {
  expect(listingScope(identity, target)).toEqual(scope);
});

test.each([
  ['another user', ada, { ...everything, userId: 'bob' }],
  ['a team', ada, { ...everything, teamId: 'red' }],
  ['an organisation', nobody, { ...everything, organizationId: 'acme' }],
  ['any user, for a key of nobody', nobody, { ...everything, userId: 'ada' }],
])('asking for %s is forbidden', (_title, identity, target) => {
  expect(() => listingScope(identity, target)).toThrow('only its own user');
});
