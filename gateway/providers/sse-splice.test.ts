import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SseSplice, StreamFault } from './sse-splice.ts';

const chunk = (members: object) => `data: ${JSON.stringify(members)}\n\n`;
const choice = (content: string, finish: string | null = null) => ({
  id: 'chatcmpl-1',
  choices: [{ index: 0, delta: { content }, finish_reason: finish }],
  model: 'upstream-name',
});
const USAGE = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
const FINISHED = chunk(choice('', 'stop'));
const ONLY_USAGE = chunk({ id: 'chatcmpl-1', choices: [], model: 'upstream-name', usage: USAGE });
const DONE = 'data: [DONE]\n\n';

function through(stream: string, { showUsage = false, sizes = [1_000_000] as readonly number[] } = {}) {
  const splice = new SseSplice({ model: 'näme', showUsage });
  const bytes = Buffer.from(stream);
  const out: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] as number;
    out.push(splice.push(bytes.subarray(at, at + size)));
    at += size;
  }
  out.push(splice.end());
  return { text: Buffer.concat(out).toString(), splice };
}

const named = (stream: string) => stream.replaceAll('"upstream-name"', '"näme"');

test('only the model’s name changes', () => {
  const stream = chunk(choice('日本 "model":"upstream" \n')) + FINISHED + DONE;
  expect(through(stream).text).toBe(named(stream));
});

test('any division into pieces gives the same bytes, usage and count', () => {
  const contents = fc.array(fc.string({ unit: 'binary', maxLength: 12 }), { maxLength: 6 });
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(
      contents,
      sizes,
      fc.boolean(),
      fc.constantFrom('\n', '\r\n'),
      (texts, pieces, showUsage, newline) => {
        const shown = `: comment${'\n\n'}${texts.map((text) => chunk(choice(text))).join('')}${FINISHED}`;
        const stream = (shown + ONLY_USAGE + DONE).replaceAll('\n', newline);
        const wanted = named((shown + (showUsage ? ONLY_USAGE : '') + DONE).replaceAll('\n', newline));
        const { text, splice } = through(stream, { showUsage, sizes: pieces });
        expect(text).toBe(wanted);
        expect(splice).toMatchObject({ usage: USAGE, responseId: 'chatcmpl-1' });
        const said = texts.filter((said) => said !== '');
        expect(splice.text.produced()).toEqual({
          texts: said.length === 0 ? [] : [said.join('')],
          atLeast: said.length,
        });
      },
    ),
  );
});

test('comments, named fields and chunks without a model pass untouched', () => {
  const stream = `: OPENROUTER PROCESSING\n\nevent: x\nid: 7\nretry: 10\n${chunk({ choices: [] })}${FINISHED}${DONE}`;
  expect(through(stream).text).toBe(named(stream));
});

test('usage beside choices is noted and shown', () => {
  const stream = chunk({ ...choice('x', 'stop'), usage: USAGE }) + DONE;
  const { text, splice } = through(stream);
  expect(text).toBe(named(stream));
  expect(splice.usage).toEqual(USAGE);
});

test('a null usage on every chunk is none', () => {
  const { splice } = through(chunk({ ...choice('x', 'stop'), usage: null }) + DONE);
  expect(splice.usage).toBeNull();
});

test('a finished stream without terminator gets one', () => {
  expect(through(FINISHED).text).toBe(named(FINISHED) + DONE);
});

test('the terminator is held back until it is whole, and tells that nothing comes any more', () => {
  const splice = new SseSplice({ model: 'm', showUsage: false });
  const seen = [FINISHED, 'data: [DO', 'NE]\n', '\n'].map((piece) => ({
    text: splice.push(Buffer.from(piece)).toString().includes('[DONE]'),
    done: splice.done,
  }));
  const nothing = { text: false, done: false };
  expect(seen).toEqual([nothing, nothing, nothing, { text: true, done: true }]);
});

test.each(['data: [DONE]', 'data: [DONE]\n'])('a terminator that is cut short is completed: %j', (end) => {
  expect(through(FINISHED + end).text).toBe(named(FINISHED) + DONE);
});

test('a last line without a newline counts', () => {
  expect(through(FINISHED + DONE.trimEnd()).text).toBe(named(FINISHED) + DONE);
});

describe('what is no complete stream of chunks is a fault', () => {
  test.each([
    ['nothing at all', '', 'ended the stream early'],
    ['an end before the finish', chunk(choice('x')), 'ended the stream early'],
    ['half an event', FINISHED + chunk(choice('x')).slice(0, 30), 'not JSON'],
    ['HTML', '<html>\n', 'no event stream'],
    ['an event that is no JSON', 'data: {"a"\n\n', 'not JSON'],
    ['an event that is no object', 'data: 7\n\n', 'not JSON'],
    ['choices that are no JSON', 'data: {"choices":[tru]}\n\n', 'ended the stream early'],
  ])('%s', (_what, stream, message) => {
    expect(() => through(stream)).toThrow(StreamFault);
    expect(() => through(stream)).toThrow(message);
  });

  test('an error event, with what the provider said', () => {
    const stream = chunk(choice('x')) + chunk({ error: { message: 'overloaded', code: 503 } });
    expect(() => through(stream)).toThrow(
      expect.objectContaining({ providerError: '{"message":"overloaded","code":503}' }),
    );
  });

  test('a line without end', () => {
    const splice = new SseSplice({ model: 'm', showUsage: false });
    const piece = Buffer.alloc(1024 * 1024, 'a');
    expect(() => {
      for (let megabyte = 0; megabyte < 17; megabyte++) splice.push(piece);
    }).toThrow('longer than');
  });
});
