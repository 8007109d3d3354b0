import type { FastifyReply } from 'fastify';
import { expect, test } from 'vitest';
import type { GatewayRequest } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import type { Plan } from '../../routing/plan.ts';
import { modelHandlers } from './models.ts';

const plan = {
  listed: (teamId: string | null) => [
    { name: 'small', accessGroups: ['cheap'], wildcard: false },
    { name: 'large', accessGroups: ['dear', 'cheap'], wildcard: false },
    { name: 'openai/*', accessGroups: [], wildcard: true },
    ...(teamId === 'red' ? [{ name: 'own', accessGroups: ['theirs'], wildcard: false }] : []),
  ],
} as unknown as Plan;

function ask(query: Record<string, string>, models: readonly string[] = [], teamId: string | null = null) {
  const headers: Record<string, string> = {};
  const request = { query, routeOptions: { url: '/v1/models' }, log: { warn: () => undefined } };
  const reply = { header: (name: string, value: string) => Object.assign(headers, { [name]: value }) };
  const identity = { models, teamId, team: null, userModels: [], organizationModels: [] };
  const answer = modelHandlers(plan).listModels(
    request as unknown as GatewayRequest,
    reply as unknown as FastifyReply,
    identity as unknown as Identity,
  ) as { data: readonly { id: string }[] };
  return { names: answer.data.map(({ id }) => id), headers };
}

test('the list holds models, with patterns and access groups where these are asked for', () => {
  expect(ask({}).names).toEqual(['small', 'large']);
  expect(ask({ return_wildcard_routes: 'true' }).names).toEqual(['small', 'large', 'openai/*']);
  expect(ask({ include_model_access_groups: 'True' }).names).toEqual(['small', 'large', 'cheap', 'dear']);
  expect(ask({ only_model_access_groups: 'true' }).names).toEqual(['cheap', 'dear']);
});

test('a key is shown the models and groups that it may name', () => {
  expect(ask({ include_model_access_groups: 'true' }, ['dear']).names).toEqual(['large', 'dear']);
});

test('models of a team, and groups of theirs, are shown to its keys', () => {
  const query = { include_model_access_groups: 'true' };
  expect(ask(query, [], 'red').names).toEqual(['small', 'large', 'own', 'cheap', 'dear', 'theirs']);
  expect(ask(query, [], 'blue').names).toEqual(['small', 'large', 'cheap', 'dear']);
});

test('what is not served is named', () => {
  expect(ask({ team_id: 'red', scope: 'expand' }).headers).toEqual({
    'x-litellm-ignored-fields': 'team_id, scope',
  });
  expect(ask({}).headers).toEqual({});
});
