import { expect, test } from 'vitest';
import { readArguments, UsageError } from './arguments.ts';

test('the gateway listens on loopback at 4000 unless told otherwise', () => {
  expect(readArguments(['--config', 'c.yaml'])).toEqual({
    config: 'c.yaml',
    check: false,
    host: '127.0.0.1',
    port: 4000,
    readyFile: null,
  });
});

test('--help asks for the text', () => {
  expect(readArguments(['--help'])).toBeNull();
});

test.each([
  ['no configuration', [], '--config is missing'],
  ['an unknown option', ['--config', 'c', '--prot', '1'], '--prot'],
  ['a port that is none', ['--config', 'c', '--port', '70000'], "'70000' is no port"],
  ['a stray word', ['--config', 'c', 'word'], 'word'],
])('%s is refused', (_what, args, message) => {
  expect(() => readArguments(args)).toThrow(UsageError);
  expect(() => readArguments(args)).toThrow(message);
});
