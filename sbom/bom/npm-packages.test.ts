import { beforeAll, describe, expect, test } from 'vitest';
import { type Bundle, bundlePrograms, shellFor } from '../../packer/index.ts';
import { bundledOnly, type NpmPackage, npmPackages, type Tool } from './npm-packages.ts';

const component = (name: string, path: string) => ({
  'bom-ref': `app|${path}`,
  name,
  version: '1.0.0',
  purl: `pkg:npm/${name}@1.0.0`,
  licenses: [{ license: { id: 'MIT' } }],
  properties: [{ name: 'cdx:npm:package:path', value: path }],
});
const document = {
  metadata: { tools: { components: [] } },
  components: [
    component('pg', 'node_modules/pg'),
    component('pg-types', 'node_modules/pg-types'),
    component('unused', 'node_modules/unused'),
  ],
  dependencies: [
    { ref: 'app|node_modules/pg', dependsOn: ['app|node_modules/pg-types', 'app|node_modules/unused'] },
    { ref: 'app|node_modules/pg-types' },
  ],
};

test('what no bundle holds is left out, also among the dependencies of what it holds', () => {
  const found = bundledOnly(document, [
    { packages: ['node_modules/pg-types'] },
    { packages: ['node_modules/pg', 'node_modules/pg-types'] },
  ]);
  expect(found.map(({ name, dependsOn }) => [name, dependsOn])).toEqual([
    ['pg', ['node_modules/pg-types']],
    ['pg-types', []],
  ]);
});

test('a bundled package that is only a development tool is refused', () => {
  expect(() => bundledOnly(document, [{ packages: ['node_modules/vitest'] }])).toThrow(
    'node_modules/vitest is bundled, and npm does not know it as a dependency',
  );
});

describe('of the programs of the image', () => {
  let bundles: Bundle[];
  let packages: NpmPackage[];
  let tools: readonly Tool[];

  beforeAll(async () => {
    bundles = await bundlePrograms();
    ({ packages, tools } = await npmPackages(bundles, shellFor(new AbortController().signal)));
  });

  test('every bundled package is described, and no other', () => {
    const bundled = new Set(bundles.flatMap((bundle) => bundle.packages));
    expect(packages.map(({ path }) => path)).toEqual([...bundled].sort());
    expect(packages.find(({ path }) => path === 'node_modules/vitest')).toBeUndefined();
  });

  test('every package says its version, its purl and its licence', () => {
    const silent = packages.filter(
      ({ version, purl, licences }) =>
        version === '' || !purl.startsWith('pkg:npm/') || licences.length === 0,
    );
    expect(silent).toEqual([]);
  });

  test('two versions of one package are two packages', () => {
    const versions = packages.filter(({ name }) => name === 'tslib').map(({ version }) => version);
    expect(new Set(versions).size).toBe(2);
  });

  test('the tools that said so are named', () => {
    expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(['cyclonedx-npm', 'npm']));
  });
});
