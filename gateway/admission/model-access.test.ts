import { expect, test } from 'vitest';
import type { Identity } from '../identity/identity.ts';
import { mayUse, requireModelAccess } from './model-access.ts';

const requested = { names: ['openai/gpt-4o'], accessGroups: ['beta'] };

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
  expect(mayUse(models, requested)).toBe(allowed);
});

test('a refusal is a 403 that does not tell which models there are', () => {
  const identity = { models: ['secret-model'] } as unknown as Identity;
  expect(() => requireModelAccess(identity, 'gpt', { names: ['gpt'], accessGroups: [] })).toThrow(
    expect.objectContaining({ status: 403, type: 'key_model_access_denied', param: 'model' }),
  );
  expect(() => requireModelAccess(identity, 'gpt', { names: ['gpt'], accessGroups: [] })).not.toThrow(
    'secret-model',
  );
});
