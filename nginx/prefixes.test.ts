import { expect, test } from 'vitest';
import { routes } from '../gateway/index.ts';
import { prefixes } from './prefixes.ts';

const list = (url: string, access: 'llm' | 'public' | 'key' | 'admin' | 'ui') =>
  ({ method: 'GET', url, access }) as const;

test('a segment appears once, in the order of the table', () => {
  const table = { a: list('/v1/models', 'llm'), b: list('/key/info', 'key'), c: list('/v1/chat', 'llm') };
  expect(prefixes(table).map(({ segment }) => segment)).toEqual(['v1', 'key']);
});

test.each([
  ['inference alone', ['llm'], 'api'],
  ['inference and public routes', ['llm', 'public'], 'api'],
  ['one management route among others', ['llm', 'admin'], 'admin'],
  ['a route that any key may call for itself', ['key'], 'admin'],
  ['pages', ['ui', 'public'], 'admin'],
] as const)('a segment with %s is on the right access list', (_what, accesses, expected) => {
  const table = Object.fromEntries(
    accesses.map((access, index) => [String(index), list(`/x/${index}`, access)]),
  );
  expect(prefixes(table)).toEqual([{ segment: 'x', access: expected }]);
});

test("the gateway's management and UI are never on inference's list", () => {
  const guarded = prefixes(routes).filter(({ access }) => access === 'admin');
  expect(guarded.map(({ segment }) => segment)).toEqual(expect.arrayContaining(['key', 'ui']));
});
