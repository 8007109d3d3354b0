/** What the pages say, held against the code: places of commands, links, `litellm-ctl`, and where the mapping points. */
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { accessVerbs, logParts, parseCommandLine, usage } from '../operator/index.ts';
import { countCommands } from './docs/count.ts';
import { anchorsOf, brokenLinks, linksTo } from './docs/links.ts';
import { blocksOf, commandBlock, commandsOf, fencesOf, pages, proseOf, root, textOf } from './docs/pages.ts';
import { placeholderNames } from './docs/placeholders.ts';
import { printed, unnamedIn, unnamedInFile } from './docs/printed.ts';

const blocks = pages.flatMap(blocksOf);
const where = ({ page, line }: { page: string; line: number }): string => `${page}:${line}`;

test('every command says where it belongs, and most of them are run as they stand', () => {
  const { asTheyStand, byAnotherTest, notRun, all } = countCommands();
  process.stdout.write(
    `commands in the docs: ${all}; run as they stand: ${asTheyStand}, by another test: ${byAnotherTest}, not run: ${notRun}\n`,
  );
  expect(all).toBeGreaterThan(60);
  expect((asTheyStand + byAnotherTest) / all).toBeGreaterThan(0.75);
});

test('a block without a place, or with an unknown one, is refused', () => {
  const [fence] = fencesOf('page.md', '```sh\nls\n```');
  expect(() => commandBlock(fence as never)).toThrow(
    'page.md:1: say where it belongs (build-host, vm, client)',
  );
  const [other] = fencesOf('page.md', 'text\n```sh moon\nls\n```');
  expect(() => commandBlock(other as never)).toThrow('page.md:2');
  expect(() => fencesOf('page.md', '```sh vm\nls\n')).toThrow('page.md:1: this block is not closed');
});

test('statements belong into psql, as somebody', () => {
  const [fence] = fencesOf('page.md', '```sql vm\nSELECT 1;\n```');
  expect(() => commandBlock(fence as never)).toThrow(
    'page.md:1: say where it belongs (psql:litellm-owner, psql:postgres)',
  );
});

test('a command is its line, with those that continue it and without comments', () => {
  const language = 'sh';
  expect(commandsOf({ language, text: '# why\none \\\n  --two\n\nthree\n' })).toEqual(['one --two', 'three']);
  expect(commandsOf({ language, text: 'tee file <<END\nA=1\nB=2\nEND\nnext' })).toEqual([
    'tee file <<END',
    'next',
  ]);
});

test('a statement ends with its semicolon', () => {
  const text = "UPDATE t\nSET a = 'x;y'\nWHERE b;\n\nSELECT 1;";
  expect(commandsOf({ language: 'sql', text })).toEqual(["UPDATE t SET a = 'x;y' WHERE b", 'SELECT 1']);
});

test.each(pages)('%s hides no commands in indented text', (page) => {
  const lines = proseOf(page).split('\n');
  const indented = lines.filter((line, index) => /^ {4,}\S/.test(line) && lines[index - 1]?.trim() === '');
  expect(indented).toEqual([]);
});

test('what is not run says why, and a test that is named there exists', () => {
  for (const block of blocks.filter(({ notRun }) => notRun !== undefined)) {
    expect(block.notRun?.split(' ').length, where(block)).toBeGreaterThan(3);
    for (const [file] of block.notRun?.matchAll(/\S+\/\S+\.ts/g) ?? []) {
      expect(existsSync(root + file), `${where(block)}: ${file}`).toBe(true);
    }
  }
});

test('a test that does what a block says exists, and names each of its commands as a whole', () => {
  for (const block of blocks.filter(({ runBy }) => runBy !== undefined)) {
    const unnamed = unnamedInFile(block.runBy ?? '', block.page, commandsOf(block));
    expect(unnamed, `${where(block)}, in ${block.runBy}`).toEqual([]);
  }
});

test('a command that changed on its page, or is another page’s, is not named', () => {
  const commands = ['make image BASE=debian-13     # bakes'];
  const calls = (args: string): string[] => unnamedIn(`run(printed(${args}));`, 'README.md', commands);
  expect(calls("'README.md', 'make image BASE=debian-13'")).toEqual([]);
  expect(calls("\n  'README.md',\n  'make image BASE=debian-13',\n")).toEqual([]);
  expect(calls("'README.md', 'make image BASE=debian-12'")).toEqual(['make image BASE=debian-13']);
  expect(calls("'docs/api.md', 'make image BASE=debian-13'")).toEqual(['make image BASE=debian-13']);
  expect(unnamedIn('  // docs: README.md make image BASE=debian-13\n', 'README.md', commands)).toEqual([]);
  expect(unnamedIn('  // docs: README.md make image\n', 'README.md', commands)).toHaveLength(1);
  expect(unnamedIn("blocksOf('README.md').find(", 'README.md', commands)).toEqual([]);
});

test('a test gets what its page prints, and nothing else', () => {
  expect(printed('README.md', 'make test')).toBe('make test');
  expect(() => printed('README.md', 'make tea')).toThrow("README.md prints no 'make tea'");
});

test('names that a reader fills in are known, and the operator is told of each', () => {
  const known: readonly string[] = placeholderNames;
  const unknown = blocks
    .filter(({ notRun }) => notRun === undefined)
    .flatMap((block) => {
      const names = [...block.text.matchAll(/\$\{?([A-Z][A-Z_]*)/g)].map(([, name = '']) => name);
      return names.filter(
        (name) => !known.includes(name) && !new RegExp(`(read .*|^)\\b${name}\\b`, 'm').test(block.text),
      );
    });
  expect(unknown).toEqual([]);
  const guide = textOf('docs/operator/README.md');
  expect(known.filter((name) => !guide.includes(`| \`$${name}\` |`))).toEqual([]);
});

test.each(pages)('%s links to what exists', (page) => {
  expect(brokenLinks(page)).toEqual([]);
});

test('a broken link is found', () => {
  expect(anchorsOf('# One `two`, three\n## A b\n## A b\n')).toEqual(['one-two-three', 'a-b', 'a-b-1']);
  expect(brokenLinks('docs/operator/README.md')).toEqual([]);
});

test.each(['docs/operator', 'docs/publisher'])('the index of %s leads to each of its pages', (folder) => {
  const names = pages
    .filter((page) => page.startsWith(`${folder}/`) && !page.endsWith('/README.md'))
    .map((page) => page.slice(folder.length + 1));
  expect(names.filter((name) => !linksTo(`${folder}/README.md`, name))).toEqual([]);
});

const everything = pages.map(textOf).join('\n');
const guide = pages
  .filter((page) => page.startsWith('docs/operator/'))
  .map(textOf)
  .join('\n');
const commands = Object.keys(usage).filter((topic) => topic !== 'main') as (keyof typeof usage)[];

/** The arguments of every call of litellm-ctl in the blocks. */
const calls = blocks.flatMap((block) =>
  commandsOf(block).flatMap((command) =>
    [...command.matchAll(/litellm-ctl ([^|#>&]+)/g)].map(([, args = '']) => ({ block, args: args.trim() })),
  ),
);

test('every litellm-ctl command in a block is understood by the program', () => {
  expect(calls.length).toBeGreaterThan(20);
  for (const { block, args } of calls) {
    const words = args.split(/\s+/).map((word) => word.replaceAll(/["']/g, ''));
    expect(() => parseCommandLine(words), `${where(block)}: litellm-ctl ${args}`).not.toThrow();
  }
});

test('every litellm-ctl command and option named in the text exists', () => {
  const named = [...everything.matchAll(/litellm-ctl ([a-z][a-z-]*)((?: [^\s`|]+)*)/g)];
  const unknown = named.flatMap(([whole, command = '', rest = '']) => {
    const text = usage[command as keyof typeof usage];
    if (!commands.includes(command as never)) return [whole];
    return (rest.match(/--[a-z][a-z-]+/g) ?? []).filter((option) => !text.includes(option)).map(() => whole);
  });
  expect(named.length).toBeGreaterThan(30);
  expect(unknown).toEqual([]);
});

test.each(commands)('litellm-ctl %s and its options are in the guide', (command) => {
  expect(guide).toMatch(new RegExp(`litellm-ctl ${command}\\b`));
  const options = [...new Set(usage[command].match(/--[a-z][a-z-]+/g) ?? [])];
  expect(options.filter((option) => !guide.includes(option))).toEqual([]);
});

test('every verb of access and every part that logs is in the guide', () => {
  expect(Object.keys(accessVerbs).filter((verb) => !guide.includes(`litellm-ctl access ${verb}`))).toEqual(
    [],
  );
  expect(logParts.filter((part) => !guide.includes(`litellm-ctl logs ${part}`))).toEqual([]);
});
