import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EnvFileError, envLine, parseEnvFile, withEnvValue } from './env-file.ts';

const names = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,20}$/);
const values = fc.string({ unit: 'binary' }).map((text) => text.replace(/[\n\r\0]/g, ''));

test('what is written is read back', () => {
  fc.assert(
    fc.property(fc.dictionary(names, values, { noNullPrototype: true }), (entries) => {
      const text = Object.entries(entries)
        .map(([name, value]) => envLine(name, value))
        .join('\n');
      expect(parseEnvFile(text, 'test.env')).toEqual(entries);
    }),
  );
});

test('setting a value changes that value and no other', () => {
  fc.assert(
    fc.property(
      fc.dictionary(names, values, { noNullPrototype: true }),
      names,
      values,
      (entries, name, value) => {
        const text = Object.entries(entries)
          .map((entry) => `${envLine(...entry)}\n`)
          .join('');
        expect(parseEnvFile(withEnvValue(text, name, value), 'test.env')).toEqual({
          ...entries,
          [name]: value,
        });
      },
    ),
  );
});

test.each([
  ['comments and blank lines are skipped', '# a comment\n; another\n\n  \nA=1\n', { A: '1' }],
  ['blanks around name and value are dropped', '  A = 1 \n', { A: '1' }],
  ['a value may hold equal signs', 'A=b=c==\n', { A: 'b=c==' }],
  ['single quotes keep everything', "A='$x \\n \"'\n", { A: '$x \\n "' }],
  ['double quotes let the four specials be escaped', 'A="\\$x \\" \\\\ \\`"\n', { A: '$x " \\ `' }],
  ['a backslash before another character stays inside double quotes', 'A="\\n"\n', { A: '\\n' }],
  ['a dollar sign is not special', 'A=$HOME\n', { A: '$HOME' }],
  ['the last of two equal names wins', 'A=1\nA=2\n', { A: '2' }],
  ['an empty value is a value', 'A=\nB=""\n', { A: '', B: '' }],
])('%s', (_title, text, expected) => {
  expect(parseEnvFile(text, 'test.env')).toEqual(expected);
});

test.each([
  ['a line without =', 'A=1\nOPENAI_API_KEY sk-x\n', "test.env line 2: no '=' found"],
  ['export before the name', 'export A=1\n', "test.env line 1: the name before '='"],
  ['a quote that does not close', 'A="sk-x\n', 'test.env line 1: the quotes do not close'],
  ['text after the closing quote', 'A="x" y"\n', 'test.env line 1: the quotes do not close'],
  ['a continued line', 'A=sk-x\\\n', 'test.env line 1: ends in a backslash'],
])('%s is refused, naming the line and not the value', (_title, text, message) => {
  expect(() => parseEnvFile(text, 'test.env')).toThrow(EnvFileError);
  expect(() => parseEnvFile(text, 'test.env')).toThrow(message);
  expect(() => parseEnvFile(text, 'test.env')).not.toThrow('sk-x');
});

test('a value of two lines is refused', () => {
  expect(() => envLine('A', 'one\ntwo')).toThrow('A: an environment file holds no value with line ends');
});

test('setting a value keeps comments and order', () => {
  const text = '# keys\nA=1\n\n# more\nB=2\n';
  expect(withEnvValue(text, 'A', 'x y')).toBe('# keys\nA="x y"\n\n# more\nB=2\n');
  expect(withEnvValue('A=1', 'B', '2')).toBe('A=1\nB=2\n');
});
