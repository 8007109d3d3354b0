import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CallBudgets } from './call-budgets.ts';

interface Case {
  readonly budgets: readonly string[];
  readonly customer?: readonly string[];
  readonly tags?: readonly (readonly string[])[];
  readonly models?: readonly string[];
  readonly global?: boolean;
}

const of = ({ budgets, customer = [], tags = [], models = ['gpt'], global = false }: Case) =>
  new CallBudgets({ global }).of({ identity: { budgets }, customer, tags, models });

test('the budgets of a call stand in the order in which they are looked at, whatever they were read in', () => {
  const inOrder = [
    'key:a',
    'model:["gpt","key:a"]',
    'model:["gpt","end_user:acme"]',
    'team:red',
    'window:["1d","team:red"]',
    'window:["1d","key:a"]',
    'organization:org',
    'model:["gpt","organization:org"]',
    'tag:x',
    'tag:y',
    'model:["gpt","tag:x"]',
    'team_member:["red","ada"]',
    'model:["gpt","team_member:[\\"red\\",\\"ada\\"]"]',
    'end_user:acme',
    'global:litellm-proxy-budget',
  ];
  const customer = inOrder.filter((scope) => scope.includes('end_user'));
  const tags = [['model:["gpt","tag:x"]', 'tag:x'], ['tag:y']];
  const budgets = inOrder.filter((scope) => !/end_user|tag|global/.test(scope));
  expect(of({ budgets: budgets.toReversed(), customer, tags, global: true })).toEqual(inOrder);
});

test('a call that names nobody who is limited has those of its key', () => {
  expect(of({ budgets: ['key:a', 'team:red'] })).toEqual(['key:a', 'team:red']);
});

test.each([
  ['the name that was asked for', ['gpt', 'group'], true],
  ['the group that it means', ['alias', 'gpt'], true],
  ['the name behind its provider', ['openai/gpt', 'openai/*'], true],
  ['another one', ['gpt-mini', 'gpt-mini'], false],
])('the budget of a model holds calls by %s', (_how, models, held) => {
  const own = 'model:["gpt","key:a"]';
  expect(of({ budgets: ['key:a', own], models })).toEqual(held ? ['key:a', own] : ['key:a']);
});

test('what was found for the calls before makes no difference to a call', () => {
  const budgets = [['key:a'], ['key:a', 'model:["gpt","key:a"]', 'team:red'], []];
  const customers = [[], ['end_user:acme'], ['end_user:acme', 'model:["swift","end_user:acme"]']];
  const tags = [['tag:x'], ['tag:x', 'model:["gpt","tag:x"]'], ['tag:y']];
  const call = fc.record({
    identity: fc.record({ budgets: fc.constantFrom(...budgets) }),
    customer: fc.constantFrom(...customers),
    tags: fc.array(fc.constantFrom(...tags), { maxLength: 2 }),
    models: fc.subarray(['gpt', 'swift', 'openai/gpt'], { minLength: 1 }),
  });
  fc.assert(
    fc.property(fc.array(call, { maxLength: 20 }), fc.boolean(), (calls, global) => {
      const used = new CallBudgets({ global });
      for (const each of calls) expect(used.of(each)).toEqual(new CallBudgets({ global }).of(each));
    }),
  );
});
