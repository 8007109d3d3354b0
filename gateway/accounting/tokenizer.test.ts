import fc from 'fast-check';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { expect, test } from 'vitest';
import { isCounted } from './encoding.ts';
import { Tokenizers } from './tokenizer.ts';

const tokenizers = new Tokenizers();
const exact = (text: string) => countTokens(text, { disallowedSpecial: new Set() });

test('models of one encoding share its tokenizer', async () => {
  const own = new Tokenizers();
  const tokenizer = await own.load('gpt-4o');
  expect(await own.load('claude-opus-4-5')).toBe(tokenizer);
  expect(await own.load('gpt-4-0613')).not.toBe(tokenizer);
});

test.each([
  ['gpt-4o', 'tokenizer libraries', 3],
  ['gpt-5', '<|endoftext|>', 7],
  ['gpt-3.5-turbo', 'antidisestablishmentarianism', 6],
  ['gpt-4o', 'antidisestablishmentarianism', 6],
  ['gpt-4o', '', 0],
])('%s makes of %j %d tokens', async (model, text, tokens) => {
  expect((await tokenizers.load(model)).count(text)).toBe(tokens);
});

test.each([
  'gpt-4o',
  'gpt-4',
  'gpt-5.4-2026-03-05',
  'o3',
  'o4-mini',
  'chatgpt-4o-latest',
  'openai/gpt-oss-120b',
])('the tokenizer of %s is known', (model) => expect(isCounted(model)).toBe(true));

test.each([
  'claude-opus-4-5',
  'gemini-2.5-pro',
  'mistral-large-latest',
  'grok-4',
  'deepseek-v4-pro',
  'orca-2',
])('the tokenizer of %s is not known', (model) => expect(isCounted(model)).toBe(false));

/** Texts with runs of one kind of character, of about the length at which they are counted by bytes. */
const run = fc
  .tuple(
    fc.constantFrom('a', 'Z', '中', '🙂', '!', '=', ' ', '\n', '0', '\u0301', '\0', '/\n'),
    fc.nat({ max: 90 }),
  )
  .map(([character, length]) => character.repeat(length));
const text = fc
  .array(fc.oneof(run, fc.string({ unit: 'grapheme' }), fc.lorem()), { maxLength: 6 })
  .map((parts) => parts.join(''));

test('a text of words is counted exactly, one with long runs never below, and none above its bytes', async () => {
  const tokenizer = await tokenizers.load('gpt-4o');
  const long = /(?:\p{L}|\p{M}){65}|[^\s\p{L}\p{N}]{65}|\s{65}|[\r\n/]{65}/u;
  fc.assert(
    fc.property(text, (sample) => {
      const counted = tokenizer.count(sample);
      if (long.test(sample)) expect(counted).toBeGreaterThanOrEqual(exact(sample));
      else expect(counted).toBe(exact(sample));
      expect(counted).toBeLessThanOrEqual(Buffer.byteLength(sample));
    }),
  );
});

test('a run that would take the encoder minutes is counted by its bytes', async () => {
  const tokenizer = await tokenizers.load('gpt-4o');
  expect(tokenizer.count(`hello ${'a'.repeat(1_000_000)} world`)).toBe(1_000_000 + 3);
  expect(tokenizer.count('中'.repeat(100_000))).toBe(300_000);
  expect(tokenizer.count('/\n'.repeat(1000))).toBe(2000);
});
