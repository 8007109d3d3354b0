import { expect, test } from 'vitest';
import { packagesIn } from './bundle.ts';

test('packages are named once, scoped and nested ones by their whole directory', () => {
  const files = [
    'gateway/main.ts',
    'node_modules/pg/lib/index.js',
    'node_modules/pg/lib/client.js',
    'node_modules/@fastify/cookie/plugin.js',
    'node_modules/fastify/node_modules/semver/index.js',
  ];
  expect(packagesIn(files)).toEqual([
    'node_modules/@fastify/cookie',
    'node_modules/fastify/node_modules/semver',
    'node_modules/pg',
  ]);
});
