import { expect, test } from 'vitest';
import { certificateStep, followedSteps } from '../image/claims-quickstart.ts';
import { filledIn, placeholders, quickStart } from './quick-start.ts';
import { parseBrowserLine } from './quick-start-browser.ts';

const blocks = quickStart.flatMap((step) => step.blocks);

/** Words in capitals that are meant as they stand. */
const MEANT = ['OPENAI_API_KEY'];

test('the machine of the image test follows every printed step, and none besides', () => {
  const followed = [...Object.keys(followedSteps), certificateStep.title];
  expect(followed).toEqual(quickStart.map(({ title }) => title));
});

test('every word in capitals is one that the reader replaces, and each of these is asked for', () => {
  const words = blocks
    .map(({ text, input = '' }) => `${text}\n${input}`)
    .flatMap((text) => text.match(/\b[A-Z][A-Z_]+\b/g) ?? []);
  expect([...new Set(words)].sort()).toEqual([...placeholders, ...MEANT].sort());
});

test('every line for the browser is something to do', () => {
  const lines = blocks.filter(({ place }) => place === 'browser').flatMap(({ text }) => text.split('\n'));
  expect(lines.map((line) => parseBrowserLine(line).act).length).toBeGreaterThan(5);
});

test.each([
  ['Open https://ADDRESS/ui', { act: 'Open', url: 'https://ADDRESS/ui' }],
  [
    'Fill "New password, again" with two words',
    { act: 'Fill', label: 'New password, again', value: 'two words' },
  ],
  ['Press "Sign in"', { act: 'Press', button: 'Sign in' }],
  ['See "State of the machine"', { act: 'See', heading: 'State of the machine' }],
])('%s is understood', (line, act) => {
  expect(parseBrowserLine(line)).toEqual(act);
});

test.each(['', 'Click "Sign in"', 'Open the page', 'Fill "User name"', 'Press Sign in', 'See "a" and "b"'])(
  '%j is nothing to do in a browser',
  (line) => {
    expect(() => parseBrowserLine(line)).toThrow('is nothing to do in a browser');
  },
);

test('a text is filled in word by word, and a value is taken as it is', () => {
  const values = { USER: 'ubuntu', ADDRESS: '192.0.2.12', MASTER_KEY: 'sk-$1' };
  expect(filledIn('ssh USER@ADDRESS # ADMIN', values)).toBe('ssh ubuntu@192.0.2.12 # ADMIN');
  expect(filledIn('Bearer MASTER_KEY', values)).toBe('Bearer sk-$1');
  expect(() => filledIn('Bearer VIRTUAL_KEY', values)).toThrow('nothing is known yet for VIRTUAL_KEY');
});
