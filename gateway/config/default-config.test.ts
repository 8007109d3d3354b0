import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { gatewayBundle } from '../bundle.ts';
import { compilePlan } from '../routing/plan.ts';
import type { Config } from './config.ts';
import { readConfig } from './read-config.ts';

const text = readFileSync(gatewayBundle.defaultConfig, 'utf8');
const NOW = Date.UTC(2026, 10, 21);

function shipped(keys: Record<string, string>): Config {
  const { config, faults, warnings } = readConfig({
    text,
    environment: {
      LITELLM_MASTER_KEY: 'sk-1',
      LITELLM_SALT_KEY: 's',
      DATABASE_URL: 'postgresql://user@localhost/db',
      ...keys,
    },
    places: { providersEnv: '', serviceEnv: '', spendState: '' },
  });
  expect([...faults, ...warnings]).toEqual([]);
  return config as Config;
}

test('every shipped model has a price', () => {
  const { entries } = compilePlan(shipped({}), () => NOW);
  expect(entries.length).toBeGreaterThan(40);
  const free = entries.filter(({ deployment }) => {
    const rates = deployment.price?.(NOW)[0].rates;
    return rates === undefined || rates.input === 0n || rates.output === 0n;
  });
  expect(free.map(({ config }) => `${config.provider}/${config.upstreamModel}`)).toEqual([]);
});

test('no shipped model stands there twice', () => {
  const names = shipped({}).deployments.map(({ modelName }) => modelName);
  expect(new Set(names).size).toBe(names.length);
});

test('budgets are strict', () => {
  expect(shipped({}).budgetEnforcement).toBe('strict');
});

test('a key that is made without limits has a budget, an end and a number of calls per minute', () => {
  expect(shipped({}).keyRules).toMatchObject({
    defaults: { max_budget: 100, duration: '90d', rpm_limit: 300 },
    ceilings: {},
    teamKeys: null,
    personalKeys: null,
    teamsOnly: false,
  });
});

test('changes are recorded', () => {
  expect(shipped({}).recordChanges).toBe(true);
});

test('nothing is active before a key is set', () => {
  expect(compilePlan(shipped({}), () => NOW).listed(null)).toEqual([]);
});

test('one key activates the models of its provider', () => {
  const plan = compilePlan(shipped({ OPENAI_API_KEY: 'sk-openai' }), () => NOW);
  expect(plan.listed(null).length).toBeGreaterThan(10);
  expect(
    plan.entries.filter(({ config }) => config.missingVariable === null).map(({ config }) => config.provider),
  ).toEqual(plan.listed(null).map(() => 'openai'));
  expect(plan.find('gpt-4o', null)?.active).toBe(true);
});
