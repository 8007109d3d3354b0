import { expect, test } from 'vitest';
import { type KeyLimits, NO_LIMITS } from '../../identity/key-limits.ts';
import type { KeyForAuthentication } from '../../store/virtual-keys.ts';
import { limitOfKey, lostTag, unheldLimit } from './held-limits.ts';

const none = { rpm_limit: null, tpm_limit: null, max_parallel_requests: null };
const noneOfModels = { ...none, model_rpm_limit: null, model_tpm_limit: null };
const personal = { token: 'other', user_id: 'ada', team_id: null, organization_id: null };
const ofTeam = { ...personal, team_id: 'red' };
const ofTeamAlone = { ...ofTeam, user_id: null };

/** A key as it is written, whose owners have these limits. */
const key = (columns: Partial<KeyForAuthentication>): KeyForAuthentication =>
  ({
    max_budget: 100,
    team_max_budget: null,
    user_max_budget: null,
    organization_max_budget: null,
    member_max_budget: null,
    user_limits: noneOfModels,
    team_limits: noneOfModels,
    member_limits: none,
    organization_limits: noneOfModels,
    ...columns,
  }) as unknown as KeyForAuthentication;

/** The calling key's own. */
const own = (limits: Partial<KeyLimits>, budgets: readonly string[] = []) => ({
  limits: { ...NO_LIMITS, ...limits },
  budgets,
});
const budgeted = own({}, ['key:own', 'user:ada']);
const onModel = own({ models: new Map([['m', { requests: 1, tokens: null }]]) });
const five = { ...noneOfModels, rpm_limit: 5 };

test.each([
  ['without limits', own({}, ['user:ada']), key(personal), undefined],
  ['with a budget, while its user has none', budgeted, key(personal), 'max_budget'],
  ['with a budget, as its user', budgeted, key({ ...personal, user_max_budget: 9 }), undefined],
  [
    'with a budget, while its user’s is not that of a team’s keys',
    budgeted,
    key({ ...ofTeam, user_max_budget: 9 }),
    'max_budget',
  ],
  ['with a budget, as the team', budgeted, key({ ...ofTeamAlone, team_max_budget: 9 }), undefined],
  ['with a budget, as the member', budgeted, key({ ...ofTeam, member_max_budget: 9 }), undefined],
  [
    'with a budget, while its user’s is for one model',
    budgeted,
    key({ ...personal, user_model_budgets: { m: { max_budget: 9 } } }),
    'max_budget',
  ],
  [
    'with a budget for one model, which its user has for the same',
    own({}, ['model:["m","key:own"]']),
    key({ ...personal, user_model_budgets: { m: { max_budget: 9 } } }),
    undefined,
  ],
  [
    'with a budget for one model, which its user has for another',
    own({}, ['model:["m","key:own"]']),
    key({ ...personal, user_model_budgets: { other: { max_budget: 9 } } }),
    'model_max_budget',
  ],
  [
    'with a window, while its user has none',
    own({}, ['window:["1d","key:own"]']),
    key(personal),
    'budget_limits',
  ],
  [
    'with a window, as the team that has another',
    own({}, ['window:["1d","key:own"]']),
    key({ ...ofTeamAlone, team_windows: [{ budget_duration: '7d', max_budget: 9 }] }),
    undefined,
  ],
  [
    'with a rate, while its user has a budget',
    own({ requests: 1 }),
    key({ ...personal, user_max_budget: 9 }),
    'rpm_limit',
  ],
  [
    'with two rates, of which its user has one',
    own({ requests: 1, tokens: 1 }),
    key({ ...personal, user_limits: five }),
    'tpm_limit',
  ],
  [
    'with a rate, as its user, also in a team',
    own({ requests: 1 }),
    key({ ...ofTeam, user_limits: five }),
    undefined,
  ],
  [
    'with a rate, while a team’s own key has no user',
    own({ requests: 1 }),
    key({ ...ofTeamAlone, user_limits: five }),
    'rpm_limit',
  ],
  ['with a limit of calls at the same time', own({ parallel: 0 }), key(personal), 'max_parallel_requests'],
  ['with a limit on a model', onModel, key(personal), 'model_rpm_limit'],
  [
    'with a limit on a model, as the team on another',
    onModel,
    key({ ...ofTeam, team_limits: { ...noneOfModels, model_rpm_limit: { n: 5 } } }),
    'model_rpm_limit',
  ],
  [
    'with a limit on a model, as the team on the same',
    onModel,
    key({ ...ofTeam, team_limits: { ...noneOfModels, model_rpm_limit: { m: 5 } } }),
    undefined,
  ],
  [
    'with a limit on a model, as the member on all',
    onModel,
    key({ ...ofTeam, member_limits: five }),
    undefined,
  ],
])('what a key %s gets around', (_title, caller, other, unheld) => {
  expect(unheldLimit(caller, other)).toBe(unheld);
});

test.each([
  ['has no tags, loses it', key(personal), 'red'],
  ['has it too, does not', key({ ...personal, key_metadata: { tags: ['red', 'blue'] } }), undefined],
  ['has it by its team, does not', key({ ...ofTeam, team_metadata: { tags: ['red'] } }), undefined],
])('the calling key has a tag: another one that %s', (_how, other, lost) => {
  expect(lostTag({ tags: { key: ['red'], team: ['of-team'] } }, other)).toBe(lost);
});

test.each([
  [{ rpm_limit: null }, 'rpm_limit'],
  [{ key_alias: 'renamed', metadata: {} }, 'metadata'],
  [{ tags: null }, 'tags'],
  [{ key_alias: 'renamed', models: ['m'] }, undefined],
])('%j limits the key: %s', (wanted, field) => {
  expect(limitOfKey(wanted)).toBe(field);
});
