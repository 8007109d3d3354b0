import { expect, test } from 'vitest';
import { routes } from '../http/routes.ts';
import { isRouteRule, routeAllowed } from './allowed-routes.ts';

test.each([
  ['nothing', [], routes.generateKey, true],
  ['the path', ['/key/generate'], routes.generateKey, true],
  ['another path', ['/key/generate'], routes.deleteKey, false],
  ['the beginning of the path', ['/key'], routes.generateKey, false],
  ['all below', ['/key/*'], routes.generateKey, true],
  ['all below another', ['/team/*'], routes.generateKey, false],
  ['calls of models', ['llm_api_routes'], routes.chatCompletions, true],
  ['calls of models, by OpenAI’s name', ['openai_routes'], routes.listModels, true],
  ['calls of models alone', ['llm_api_routes'], routes.generateKey, false],
  ['management', ['management_routes'], routes.generateKey, true],
  ['management alone', ['management_routes'], routes.chatCompletions, false],
  ['what tells something', ['info_routes'], routes.keyInfo, true],
  ['what tells something, models too', ['info_routes'], routes.listModels, true],
  ['what tells something alone', ['info_routes'], routes.generateKey, false],
  ['one of two', ['llm_api_routes', '/key/info'], routes.keyInfo, true],
  ['a group that nobody knows', ['all_routes'], routes.keyInfo, false],
  ['a name that every object has', ['toString'], routes.keyInfo, false],
])('a key bound to %s: %j', (_what, rules, route, allowed) => {
  expect(routeAllowed(rules, route)).toBe(allowed);
});

test.each([
  ['/v1/models', true],
  ['/key/*', true],
  ['info_routes', true],
  ['/key/*/x', false],
  ['key/generate', false],
  ['admin_routes', false],
  ['*', false],
  ['', false],
])('%j can stand in allowed_routes: %s', (rule, expected) => {
  expect(isRouteRule(rule)).toBe(expected);
});
