import { expect, test } from 'vitest';
import { type RouteDeclaration, routes } from '../gateway/index.ts';
import { guardedLocations } from './locations.ts';

const at = (url: string, access: RouteDeclaration['access'], reach?: 'private'): RouteDeclaration => ({
  method: 'GET',
  url,
  access,
  ...(reach && { reach }),
});

test('a segment is matched exactly and with all below it, once, in the order of the table', () => {
  const table = { a: at('/v1/models', 'llm'), b: at('/key/info', 'key'), c: at('/v1/chat', 'llm') };
  expect(guardedLocations(table)).toEqual([
    { match: '= /v1', access: 'inference' },
    { match: '^~ /v1/', access: 'inference' },
    { match: '= /key', access: 'admin' },
    { match: '^~ /key/', access: 'admin' },
  ]);
});

test.each([
  ['inference alone', ['llm'], 'inference'],
  ['inference and public routes', ['llm', 'public'], 'inference'],
  ['public routes alone', ['public', 'public'], 'probe'],
  ['one management route among others', ['llm', 'admin'], 'admin'],
  ['a route that any key may call for itself', ['key'], 'admin'],
  ['pages', ['ui', 'public'], 'admin'],
] as const)('a segment with %s is behind the right guard', (_what, accesses, expected) => {
  const table = Object.fromEntries(
    accesses.map((access, index) => [String(index), at(`/x/${index}`, access)]),
  );
  expect(guardedLocations(table).map(({ access }) => access)).toEqual([expected, expected]);
});

test('a private route has a guard of its own and changes nothing for its neighbours', () => {
  const table = {
    probe: at('/health/readiness', 'public'),
    detail: at('/health', 'admin', 'private'),
    services: at('/health/services/:name', 'admin', 'private'),
    metrics: at('/metrics', 'public', 'private'),
  };
  expect(guardedLocations(table)).toEqual([
    { match: '= /health', access: 'private' },
    { match: '^~ /health/', access: 'probe' },
    { match: '^~ /health/services/', access: 'private' },
    { match: '= /metrics', access: 'private' },
    { match: '^~ /metrics/', access: 'private' },
  ]);
});

test('models are called and listed by whom the list of inference lets in', () => {
  const guarded = guardedLocations(routes).filter(({ access }) => access === 'inference');
  expect(guarded.map(({ match }) => match)).toEqual(expect.arrayContaining(['^~ /v1/', '^~ /models/']));
});

test("the gateway's management and UI are never on inference's list", () => {
  const guarded = guardedLocations(routes).filter(({ access }) => access === 'admin');
  expect(guarded.map(({ match }) => match)).toEqual(expect.arrayContaining(['^~ /key/', '^~ /ui/']));
});
