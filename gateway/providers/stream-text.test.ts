import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StreamText } from './stream-text.ts';

const choices = (...deltas: readonly object[]): Buffer =>
  Buffer.from(JSON.stringify(deltas.map((delta, index) => ({ index, delta, finish_reason: null }))));

/** What a stream of these chunks has said. */
function said(...chunks: readonly Buffer[]): StreamText {
  const text = new StreamText();
  for (const chunk of chunks) text.add(chunk);
  return text;
}

test('what is said, thought, refused and called is what a stream has produced', () => {
  const text = said(
    choices({ role: 'assistant', content: '' }),
    choices({ reasoning_content: 'Hm. ' }),
    choices({ content: 'Sunny' }),
    choices({ content: null, tool_calls: [{ id: 'call_1', function: { name: 'see', arguments: '' } }] }),
    choices({ tool_calls: [{ index: 0, function: { arguments: '{"in":1}' } }] }),
    choices({ refusal: 'No.' }),
    choices({}),
  );
  expect(text.produced()).toEqual({ texts: ['Hm. Sunnysee{"in":1}No.'], atLeast: 5 });
});

test('what else stands in a chunk is not', () => {
  const chunk = [
    {
      delta: { content: 'a' },
      logprobs: { content: [{ token: 'a', top_logprobs: [] }] },
      finish_reason: 'stop',
    },
  ];
  expect(said(Buffer.from(JSON.stringify(chunk))).produced().texts).toEqual(['a']);
  expect(said(Buffer.from('null')).produced()).toEqual({ texts: [], atLeast: 0 });
});

test('a thought that is given under two names is one', () => {
  const chunk = choices({ reasoning: 'so', reasoning_content: 'so' });
  expect(said(chunk, chunk).produced()).toEqual({ texts: ['soso'], atLeast: 2 });
});

test('any text comes out as it was said, however it is written and divided', () => {
  const texts = fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }), { maxLength: 20 });
  fc.assert(
    fc.property(texts, fc.nat({ max: 2 }), (pieces, indent) => {
      const chunks = pieces.map((content) =>
        Buffer.from(JSON.stringify([{ delta: { content } }], null, indent)),
      );
      const whole = pieces.length === 0 ? [] : [pieces.join('')];
      expect(said(...chunks).produced()).toEqual({ texts: whole, atLeast: pieces.length });
    }),
  );
});

test('a character that is divided between two chunks is one', () => {
  const half = (escaped: string) => Buffer.from(`[{"delta":{"content":"${escaped}"}}]`);
  expect(said(half('\\ud83d'), half('\\ude00')).produced().texts).toEqual(['😀']);
});

test('many tokens in one chunk are more than one', () => {
  expect(said(choices({ content: 'word '.repeat(80) })).tokens).toBe(100);
  expect(said(choices({ content: 'a' }), choices({ content: 'b' })).tokens).toBe(2);
});

test('a text that is too long to be counted is told by its length, and not kept', () => {
  const text = said(...Array.from({ length: 300 }, () => choices({ content: 'x'.repeat(4096) })));
  expect(text.produced()).toEqual({ texts: [], atLeast: (300 * 4096) / 4 });
});
