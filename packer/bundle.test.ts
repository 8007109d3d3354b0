import { expect, test } from 'vitest';
import { bundlePrograms, packagesIn } from './bundle.ts';

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

test('what the gateway and its tokenizer import on need is a file beside it, with its licence, and not the gateway’s', async () => {
  const bundles = new Map((await bundlePrograms()).map((bundle) => [bundle.name, bundle]));
  const imports = (name: string) => bundles.get(name)?.code.match(/import\("\.\/[\w.-]+"\)/g);
  expect(imports('gateway.mjs')).toEqual(['import("./redis-client.mjs")']);
  expect(bundles.get('gateway.mjs')?.code).toContain('./tokenizer-worker');
  expect(imports('tokenizer-worker.mjs')).toEqual([
    'import("./o200k_base.mjs")',
    'import("./cl100k_base.mjs")',
  ]);
  for (const name of ['o200k_base.mjs', 'cl100k_base.mjs']) {
    expect(bundles.get(name)?.packages).toEqual(['node_modules/gpt-tokenizer']);
    expect(bundles.get(name)?.code).toMatch(/export \{[^}]*countTokens/);
  }
  expect(bundles.get('redis-client.mjs')?.packages).toEqual(['node_modules/@redis/client']);
  for (const elsewhere of ['node_modules/gpt-tokenizer', 'node_modules/@redis/client']) {
    expect(bundles.get('gateway.mjs')?.packages).not.toContain(elsewhere);
  }
}, 60_000);
