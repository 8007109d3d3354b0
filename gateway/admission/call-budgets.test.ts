import { expect, test } from 'vitest';
import type { Identity } from '../identity/identity.ts';
import { CallBudgets, type NamedBudgets } from './call-budgets.ts';

const identity = { budgets: ['key:a', 'team:red'] } as unknown as Identity;
const of = (named: Partial<NamedBudgets>, global: boolean, of = identity) =>
  new CallBudgets({ global }).of(of, { tags: [], customer: null, ...named });

test('the budgets of a call stand in the order in which they are looked at', () => {
  expect(of({ customer: 'end_user:acme' }, true)).toEqual([
    'key:a',
    'team:red',
    'end_user:acme',
    'global:litellm-proxy-budget',
  ]);
});

test.each(['user:ada', 'team_member:["red","ada"]'])('budgets of tags stand before that of %s', (person) => {
  const caller = { budgets: ['key:a', 'organization:acme', person] } as unknown as Identity;
  expect(of({ tags: ['tag:x', 'tag:y'], customer: 'end_user:bob' }, false, caller)).toEqual([
    'key:a',
    'organization:acme',
    'tag:x',
    'tag:y',
    person,
    'end_user:bob',
  ]);
});

test('a call that names nobody who is limited has those of its key', () => {
  expect(of({}, false)).toBe(identity.budgets);
});
