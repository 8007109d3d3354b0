import { expect, test } from 'vitest';
import { picoFromUsd } from '../../accounting/money.ts';
import { type BudgetAlert, webhookBody } from './webhook-event.ts';

const ALERT: BudgetAlert = {
  event: 'threshold_crossed',
  threshold: 85,
  kind: 'key',
  facts: {
    token: 'abc',
    key_alias: 'build',
    user_id: 'ann',
    user_email: 'ann@example.com',
    team_id: 'red',
    team_alias: 'Red',
    organization_id: null,
    customer_id: null,
    alert_emails: null,
  },
  spent: picoFromUsd(8.6),
  limit: picoFromUsd(10),
  soft: picoFromUsd(5),
  at: Date.UTC(2026, 10, 21, 12),
};

const told = (more: Partial<BudgetAlert> = {}) => JSON.parse(webhookBody({ ...ALERT, ...more }));

test('an alert has the members of LiteLLM’s webhook, and which percentage was crossed when', () => {
  expect(told()).toEqual({
    spend: 8.6,
    max_budget: 10,
    soft_budget: 5,
    token: 'abc',
    key_alias: 'build',
    user_id: 'ann',
    user_email: 'ann@example.com',
    team_id: 'red',
    team_alias: 'Red',
    organization_id: null,
    customer_id: null,
    alert_emails: null,
    projected_exceeded_date: null,
    projected_spend: null,
    event: 'threshold_crossed',
    event_group: 'key',
    event_message: 'Key Budget: 85% threshold crossed: 8.6 of 10 USD spent',
    threshold_percent: 85,
    occurred_at: '2026-11-21T12:00:00.000Z',
  });
});

test.each([
  ['user', 'user', 'User Budget: '],
  ['team', 'team', 'Team Budget: '],
  ['team_member', 'team_member', 'Team Member Budget: '],
  ['organization', 'organization', 'Organization Budget: '],
  ['end_user', 'end_user', 'End User Budget: '],
  ['global', 'proxy', 'Proxy Budget: '],
] as const)('of a %s it is of the group %s and begins with "%s"', (kind, group, beginning) => {
  const { event_group, event_message } = told({ kind, event: 'budget_crossed', threshold: 100 });
  expect(event_group).toBe(group);
  expect(event_message).toBe(`${beginning}Budget crossed: 8.6 of 10 USD spent`);
});

test('a soft budget is told in the words that LiteLLM begins with', () => {
  const { event_message, threshold_percent } = told({
    event: 'soft_budget_crossed',
    threshold: null,
    limit: null,
  });
  expect(event_message).toBe('Soft Budget Crossed: 8.6 USD spent, the soft budget is 5 USD');
  expect(threshold_percent).toBeNull();
});
