import { describe, expect, test } from 'vitest';
import type { DeploymentConfig } from '../config/config.ts';
import { compilePlan } from './plan.ts';
import { compileWildcard, fillWildcard } from './wildcard.ts';

const NOW = Date.UTC(2026, 10, 21);

function config(modelName: string, more: Partial<DeploymentConfig> = {}): DeploymentConfig {
  return {
    path: 'model_list.0',
    modelName,
    team: null,
    id: `id-of-${modelName}`,
    provider: 'openai',
    upstreamModel: 'gpt-4o',
    apiBase: 'https://api.openai.com/v1',
    apiKey: 'sk-1',
    missingVariable: null,
    headers: {},
    defaults: {},
    timeoutMs: 1000,
    streamTimeoutMs: 1000,
    prices: {},
    maxOutputTokens: null,
    baseModel: null,
    accessGroups: [],
    probe: { model: null, maxTokens: 16, timeoutMs: 1000 },
    limits: { requests: null, tokens: null, parallel: null },
    params: {},
    info: {},
    ...more,
  };
}

const plan = (...deployments: DeploymentConfig[]) => compilePlan({ deployments, aliases: {} }, () => NOW);
const upstream = (compiled: ReturnType<typeof plan>, name: string, teamId: string | null = null) =>
  compiled
    .find(name, teamId)
    ?.take()
    .map(({ upstreamModel }) => upstreamModel);

describe('a name is served by', () => {
  const compiled = compilePlan(
    {
      deployments: [
        config('gpt'),
        config('*', { upstreamModel: 'any-*' }),
        config('openai/*', { upstreamModel: '*' }),
        config('openai/gpt-*', { upstreamModel: 'gpt-*' }),
        config('openai/gpt-exact', { upstreamModel: 'exact' }),
      ],
      aliases: { alias: { model: 'gpt', hidden: false }, secret: { model: 'gpt', hidden: true } },
    },
    () => NOW,
  );

  test.each([
    ['its exact entry', 'gpt', 'gpt-4o'],
    ['an exact entry before a pattern', 'openai/gpt-exact', 'exact'],
    ['the more specific pattern', 'openai/gpt-5', 'gpt-5'],
    ['the less specific pattern', 'openai/o3', 'o3'],
    ['the star at last', 'whatever', 'any-whatever'],
    ['its alias', 'alias', 'gpt-4o'],
    ['its hidden alias', 'secret', 'gpt-4o'],
    ['its deployment id', 'id-of-gpt', 'gpt-4o'],
  ])('%s', (_what, name, model) => {
    expect(upstream(compiled, name)).toEqual([model]);
  });

  test('nobody when it is a pattern itself', () => {
    expect(compiled.find('openai/*', null)).toBeUndefined();
  });

  test('aliases are listed unless they are hidden', () => {
    expect(
      compiled
        .listed(null)
        .filter(({ wildcard }) => !wildcard)
        .map(({ name }) => name),
    ).toEqual(['gpt', 'openai/gpt-exact', 'alias']);
  });
});

test.each(['constructor', '__proto__', 'toString'])('%s is no name unless configured', (name) => {
  expect(plan(config('gpt')).find(name, null)).toBeUndefined();
});

test('deployments of one name are taken in turn, and all are tried by each call', () => {
  const compiled = plan(
    ...['a', 'b', 'c'].map((model) => config('gpt', { id: model, upstreamModel: model })),
  );
  const calls = [0, 1, 2, 3].map(() => upstream(compiled, 'gpt')?.join(''));
  expect(calls).toEqual(['abc', 'bca', 'cab', 'abc']);
});

test('an inactive deployment is left out while another is active', () => {
  const compiled = plan(config('gpt', { id: '1', missingVariable: 'X' }), config('gpt', { id: '2' }));
  expect(upstream(compiled, 'gpt')).toHaveLength(1);
  expect(compiled.find('gpt', null)?.missingVariable).toBeNull();
});

test('a group without an active deployment names the variable and is not listed', () => {
  const compiled = plan(config('gpt', { missingVariable: 'OPENAI_API_KEY' }));
  expect(compiled.find('gpt', null)?.missingVariable).toBe('OPENAI_API_KEY');
  expect(compiled.listed(null)).toEqual([]);
});

test('any number of names filled into a wildcard stays cheap to keep', () => {
  const compiled = plan(config('*', { upstreamModel: '*' }));
  for (let index = 0; index < 2500; index++) expect(compiled.find(`name-${index}`, null)?.active).toBe(true);
  expect(upstream(compiled, 'name-1')).toEqual(['name-1']);
});

test('stars are filled in their order', () => {
  expect(fillWildcard('*-and-*', compileWildcard('fo::*:static::*').match('fo::a:static::b') ?? [])).toBe(
    'a-and-b',
  );
  expect(compileWildcard('a.c*').match('abcd')).toBeNull();
  expect(fillWildcard('*', ['$&'])).toBe('$&');
});

describe('a model of a team', () => {
  const owned = (id: string, publicName: string, more: Partial<DeploymentConfig> = {}) =>
    config(`model_name_${id}`, { upstreamModel: `of-${id}`, team: { id, publicName }, ...more });
  const compiled = compilePlan(
    {
      deployments: [
        config('gpt'),
        config('open'),
        owned('red', 'gpt'),
        owned('blue', 'gpt'),
        owned('blue', 'own/*', { id: 'star', upstreamModel: '*' }),
        owned('blue', 'idle', { missingVariable: 'KEY' }),
      ],
      aliases: { alias: { model: 'gpt', hidden: false } },
      owned: [
        { id: 'red', publicName: 'open' },
        { id: 'green', publicName: 'held/*' },
      ],
    },
    () => NOW,
  );
  const names = (teamId: string | null) => compiled.listed(teamId).map(({ name }) => name);

  test.each([
    ['the name, for each team its own', 'gpt', 'red', ['of-red']],
    ['the name, for each team its own', 'gpt', 'blue', ['of-blue']],
    ['an alias of the name', 'alias', 'red', ['of-red']],
    ['its id', 'id-of-model_name_red', 'red', ['of-red']],
    ['the name of its row', 'model_name_red', 'red', ['of-red']],
    ['a name in its pattern', 'own/x', 'blue', ['x']],
  ])('is meant by %s', (_what, name, teamId, expected) => {
    expect(upstream(compiled, name, teamId)).toEqual(expected);
  });

  test.each([
    ['no team', null],
    ['a team without models', 'green'],
    ['another team', 'blue'],
  ])('is unknown to keys of %s, which have what is for everybody', (_whose, teamId) => {
    for (const name of ['id-of-model_name_red', 'model_name_red']) {
      expect(compiled.find(name, teamId)).toBeUndefined();
    }
    expect(upstream(compiled, 'open', teamId)).toEqual(['gpt-4o']);
  });

  test('has one name for budgets and limits, however it is called', () => {
    for (const name of ['gpt', 'alias', 'id-of-model_name_red', 'model_name_red']) {
      expect(compiled.find(name, 'red')?.name).toBe('gpt');
    }
  });

  test('that is not served leaves its name to no other model', () => {
    expect(upstream(compiled, 'open', 'red')).toEqual([]);
    expect(upstream(compiled, 'held/x', 'green')).toEqual([]);
    expect(compiled.find('idle', 'blue')?.missingVariable).toBe('KEY');
  });

  test('is listed for its team alone, once', () => {
    expect(names(null)).toEqual(['gpt', 'open', 'alias']);
    expect(names('green')).toEqual(['gpt', 'open', 'alias']);
    expect(names('red')).toEqual(['alias', 'gpt']);
    expect(names('blue')).toEqual(['open', 'alias', 'gpt', 'own/*']);
  });
});
