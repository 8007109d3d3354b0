import { expect, test } from 'vitest';
import { budgetExceeded, isOwnersBudget } from './budget-exceeded.ts';

test.each([
  ['key:abc', 'Budget has been exceeded! Current cost: 9.5, Max budget: 10. This call could cost up to 0.75'],
  [
    'team:red',
    'Budget has been exceeded! Team=red Current cost: 9.5, Max budget: 10. This call could cost up to 0.75',
  ],
  [
    'team_member:["red","ada"]',
    'Budget has been exceeded! User=ada in Team=red Current cost: 9.5, Max budget: 10. This call could cost up to 0.75',
  ],
  [
    'organization:acme',
    'Budget has been exceeded! Organization=acme Current cost: 9.5, Max budget: 10. This call could cost up to 0.75',
  ],
  [
    'global:litellm-proxy-budget',
    'Budget has been exceeded! Proxy Current cost: 9.5, Max budget: 10. This call could cost up to 0.75',
  ],
  ['user:ada', 'ExceededBudget: User=ada over budget. Spend=9.5, Budget=10. This call could cost up to 0.75'],
  [
    'end_user:a:b',
    'ExceededBudget: End User=a:b over budget. Spend=9.5, Budget=10. This call could cost up to 0.75',
  ],
  [
    'window:["1d","key:abc"]',
    'ExceededBudget: Key over its 1d budget. Spend=9.5, Budget=10. This call could cost up to 0.75',
  ],
  [
    'window:["7d","team:red"]',
    'ExceededBudget: Team=red over its 7d budget. Spend=9.5, Budget=10. This call could cost up to 0.75',
  ],
  [
    'model:["gpt","key:abc"]',
    'Budget has been exceeded! Model=gpt Current cost: 9.5, Max budget: 10. This call could cost up to 0.75',
  ],
  [
    'model:["gpt","end_user:acme"]',
    'ExceededBudget: End User=acme over budget of Model=gpt. Spend=9.5, Budget=10. This call could cost up to 0.75',
  ],
])('%s is refused in the words that scripts look for', (scope, message) => {
  const [spent, limit, bound] = [9_500_000_000_000n, 10_000_000_000_000n, 750_000_000_000n];
  expect(budgetExceeded({ scope, spent, limit, bound })).toMatchObject({
    message,
    status: 429,
    type: 'budget_exceeded',
    param: null,
  });
});

test.each([
  ['key:abc', false],
  ['model:["gpt","key:abc"]', false],
  ['model:["gpt","end_user:acme"]', false],
  ['window:["1d","key:abc"]', true],
  ['team:red', true],
  ['end_user:acme', true],
])('whether a team that is blocked is told before %s that is used up: %s', (scope, told) => {
  const refusal = budgetExceeded({ scope, spent: 1n, limit: 1n, bound: 1n });
  expect(isOwnersBudget(refusal)).toBe(told);
});
