import { expect, test } from 'vitest';
import type { Identity } from '../identity/identity.ts';
import { CallBudgets } from './call-budgets.ts';

const identity = { budgets: ['key:a', 'team:red'] } as unknown as Identity;
const of = (customer: string | null, global: boolean) => new CallBudgets({ global }).of(identity, customer);

test('the budgets of a call stand in the order in which they are looked at', () => {
  expect(of('end_user:acme', true)).toEqual([
    'key:a',
    'team:red',
    'end_user:acme',
    'global:litellm-proxy-budget',
  ]);
});

test('a call that names nobody who is limited has those of its key', () => {
  expect(of(null, false)).toBe(identity.budgets);
});
