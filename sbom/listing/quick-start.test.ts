import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseQuickStart } from './quick-start.ts';

const fence = '```';
const printed = readFileSync(new URL('../../docs/listing/quick-start.md', import.meta.url), 'utf8');

test('the printed quick start has the nine steps that a launch takes, in their order', () => {
  expect(parseQuickStart(printed).map(({ title }) => title)).toEqual([
    'Launch',
    'Sign in over SSH',
    'Read the credentials',
    'Sign in at /ui',
    'Change the password',
    'Add a provider key',
    'Restart',
    'Call',
    'Certificate',
  ]);
});

test('every block is read with its place, its text and what is typed into it', () => {
  const text = `# Start\n\n## 1. Do\n\nWords.\n\n${fence}sh vm\ntwo\nlines\n${fence}\n\n${fence}text input\nA=1\n${fence}\n
${fence}text browser\nOpen https://ADDRESS\n${fence}\n\n## 2. Rest\n\nNothing.\n`;
  expect(parseQuickStart(text)).toEqual([
    {
      title: 'Do',
      blocks: [
        { place: 'vm', text: 'two\nlines', input: 'A=1\n' },
        { place: 'browser', text: 'Open https://ADDRESS' },
      ],
    },
    { title: 'Rest', blocks: [] },
  ]);
});

test.each([
  ['no step', '# Start\n', 'has no step'],
  ['a step without its number', '## Do\n', "'Do' is not step 1; write '## 1. Title'"],
  ['a step that was left out', '## 1. Do\n## 3. Rest\n', "'3. Rest' is not step 2"],
  [
    'a fence that says nothing',
    `## 1. Do\n${fence}\nx\n${fence}\n`,
    "a fence says where it is typed: 'sh vm'",
  ],
  ['a place that nobody knows', `## 1. Do\n${fence}sh moon\nx\n${fence}\n`, "not 'sh moon'"],
  ['a browser that is given a command', `## 1. Do\n${fence}sh browser\nx\n${fence}\n`, "not 'sh browser'"],
  ['input for nothing', `## 1. Do\n${fence}text input\nx\n${fence}\n`, "'x' is typed into nothing"],
  ['a fence without an end', `## 1. Do\n${fence}sh vm\nx\n`, 'the last fence is not closed'],
  ['a fence in a fence', `## 1. Do\n${fence}sh vm\n${fence}sh vm\n`, 'was not closed before'],
  ['a command in no fence', '## 1. Do\n\n    reboot\n', "'reboot' stands in no fence"],
])('%s is refused', (_what, text, message) => {
  expect(() => parseQuickStart(text)).toThrow(message);
});
