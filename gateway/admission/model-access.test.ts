import { expect, test } from 'vitest';
import { mayUse, requireKeyModel, requireOwnerModel } from './model-access.ts';

const requested = { names: ['openai/gpt-4o'], accessGroups: ['beta'] };
const personal = { models: [], team: null, userModels: [], organizationModels: [] };
const ofTeam = (models: readonly string[], more: object = {}) => ({
  ...personal,
  team: { models, memberModels: [], blocked: false },
  ...more,
});
const ofMember = (memberModels: readonly string[], models: readonly string[] = []) => ({
  ...personal,
  team: { models, memberModels, blocked: false },
});

test.each([
  ['an empty list', [], true],
  ['the name itself', ['openai/gpt-4o'], true],
  ['another name', ['openai/gpt-4o-mini'], false],
  ['a pattern that fits', ['openai/*'], true],
  ['a pattern that does not', ['mistral/*'], false],
  ['a pattern that fits only as a prefix', ['openai/*/x'], false],
  ['the star', ['*'], true],
  ['all models of the proxy', ['all-proxy-models'], true],
  ['no default models', ['no-default-models'], false],
  ['the team’s models, without a team', ['all-team-models'], false],
  ['no default models and the name', ['no-default-models', 'openai/gpt-4o'], true],
  ['an access group of the model', ['beta'], true],
  ['another access group', ['alpha'], false],
  ['a prefix of the name', ['openai/gpt'], false],
])('a key with %s: %j → %s', (_what, models, allowed) => {
  expect(mayUse({ ...personal, models }, requested)).toBe(allowed);
});

test.each([
  ['the team’s list allows it', ofTeam(['openai/*']), true],
  ['the team’s list does not', ofTeam(['mistral/*']), false],
  ['the team has no list', ofTeam([]), true],
  ['the key takes the team’s list, which allows it', ofTeam(['beta'], { models: ['all-team-models'] }), true],
  [
    'the key takes the team’s list, which does not',
    ofTeam(['alpha'], { models: ['all-team-models'] }),
    false,
  ],
  ['the key’s list is narrower than the team’s', ofTeam(['openai/*'], { models: ['openai/gpt-4'] }), false],
  ['the user’s list does not, for a personal key', { ...personal, userModels: ['no-default-models'] }, false],
  ['the user’s list does not, for a key of a team', ofTeam([], { userModels: ['no-default-models'] }), true],
  ['the organisation’s list does not', ofTeam([], { organizationModels: ['mistral/*'] }), false],
  ['the member’s list allows it', ofMember(['mistral/*', 'beta']), true],
  ['the member’s list does not', ofMember(['mistral/*']), false],
  ['the member’s list leaves it to the team, which allows it', ofMember(['all-team-models']), true],
  ['the member’s list leaves it to the team, which does not', ofMember(['all-team-models'], ['m']), false],
  ['the member’s list allows what the team’s does not', ofMember(['openai/gpt-4o'], ['m']), false],
])('%s: %s', (_what, caller, allowed) => {
  expect(mayUse(caller, requested)).toBe(allowed);
});

const requireAll = (caller: Parameters<typeof mayUse>[0]) => () => {
  requireKeyModel(caller, 'gpt', requested);
  requireOwnerModel(caller, 'gpt', requested);
};

test.each([
  ['the key', { ...personal, models: ['secret-model'] }, 403, 'key_model_access_denied', 'model'],
  ['the team', ofTeam(['secret-model']), 403, 'team_model_access_denied', 'model'],
  ['the list of the member', ofMember(['secret-model']), 403, 'team_model_access_denied', 'model'],
  ['the user', { ...personal, userModels: ['secret-model'] }, 403, 'user_model_access_denied', 'model'],
  [
    'the organisation',
    { ...personal, organizationModels: ['secret-model'] },
    403,
    'org_model_access_denied',
    'model',
  ],
  [
    'a blocked team',
    { ...personal, team: { models: [], memberModels: [], blocked: true } },
    401,
    'auth_error',
    'None',
  ],
])(
  'what %s refuses is told without naming the models that there are',
  (_who, caller, status, type, param) => {
    expect(requireAll(caller)).toThrow(expect.objectContaining({ status, type, param }));
    expect(requireAll(caller)).not.toThrow('secret-model');
  },
);

test('the key’s own list is looked at before the team’s block', () => {
  const caller = { ...personal, models: ['other'], team: { models: [], memberModels: [], blocked: true } };
  expect(requireAll(caller)).toThrow(expect.objectContaining({ type: 'key_model_access_denied' }));
});
