import { expect, test } from 'vitest';
import { absentRoutes } from './absent.ts';
import { routes } from './routes.ts';

test('what is served is not said to be absent', () => {
  const served = new Set<string>(Object.values(routes).map(({ url }) => url));
  expect(Object.values(absentRoutes).filter(({ url }) => served.has(url))).toEqual([]);
});

test('every absence says what to do instead', () => {
  for (const { url, instead } of Object.values(absentRoutes)) expect(instead.length, url).toBeGreaterThan(20);
});
