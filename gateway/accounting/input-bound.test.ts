import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cheapInputBound, tokenizerInputBound } from './input-bound.ts';
import { Tokenizers } from './tokenizer.ts';

const tokenizers = new Tokenizers();
/** Counts as the tokenizer's thread does. */
const counter = {
  count: async (model: string, texts: readonly string[]) => {
    const tokenizer = await tokenizers.load(model);
    return texts.reduce((sum, text) => sum + tokenizer.count(text), 0);
  },
};

function cheap(messages: unknown, model = 'gpt-4o', extras: readonly unknown[] = []): number {
  return cheapInputBound({
    model,
    messages: Buffer.from(JSON.stringify(messages)),
    extraBytes: extras.map((extra) => Buffer.byteLength(JSON.stringify(extra))),
    parsed: () => messages,
  });
}

const close = (messages: unknown, model = 'gpt-4o', extras: readonly unknown[] = []): Promise<number> =>
  tokenizerInputBound({ model, messages, extras: extras.map((extra) => JSON.stringify(extra)) }, counter);

const user = (content: unknown) => [{ role: 'user', content }];

/** The example of OpenAI's cookbook, "How to count tokens with tiktoken", and the counts that its API answered. */
const JARGON = [
  {
    role: 'system',
    content:
      'You are a helpful, pattern-following assistant that translates corporate jargon into plain English.',
  },
  { role: 'system', name: 'example_user', content: 'New synergies will help drive top-line growth.' },
  {
    role: 'system',
    name: 'example_assistant',
    content: 'Things working well together will increase revenue.',
  },
  {
    role: 'system',
    name: 'example_user',
    content:
      "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage.",
  },
  {
    role: 'system',
    name: 'example_assistant',
    content: "Let's talk later when we're less busy about how to do better.",
  },
  {
    role: 'user',
    content: "This late pivot means we don't have time to boil the ocean for the client deliverable.",
  },
];

const tools = [
  {
    type: 'function',
    function: {
      name: 'weather',
      description: 'The weather of a place',
      parameters: { type: 'object', properties: { place: { type: 'string' } }, required: ['place'] },
    },
  },
];

describe('by tokenizer', () => {
  test.each([
    ['gpt-4o', 124],
    ['gpt-4o-mini', 124],
    ['gpt-4', 129],
    ['gpt-3.5-turbo-0125', 129],
  ])('%s: what its API answered', async (model, tokens) => {
    expect(await close(JARGON, model)).toBe(tokens);
  });

  test('a model whose tokenizer we lack may make 1.3 times as many, and has more around them', async () => {
    const [text, role] = [10, 1];
    const messages = user(' the'.repeat(text));
    expect(await close(messages, 'gpt-4o')).toBe(3 + 3 + role + text);
    expect(await close(messages, 'claude-opus-4-5')).toBe(256 + 8 + Math.ceil((role + text) * 1.3));
  });

  test('tools and schemas count', async () => {
    const plain = await close(user('hi'));
    expect(await close(user('hi'), 'gpt-4o', [tools])).toBeGreaterThan(plain + 40);
    expect(await close(user('hi'), 'gpt-4o', [tools, tools])).toBeGreaterThan(plain + 80);
  });

  test('what cannot be counted is bounded by its bytes', async () => {
    const text = 'word '.repeat(10);
    const uncounted = { count: async () => undefined };
    const prompt = { model: 'gpt-4o', messages: user(text), extras: ['{"a": 1}'] };
    expect(await tokenizerInputBound(prompt, uncounted)).toBe(3 + 3 + 'user'.length + text.length + 32 + 8);
  });
});

describe('cheaply', () => {
  test('a prompt is not parsed when all of it is text', () => {
    const messages = Buffer.from(JSON.stringify(user('an "image_url" and a {"type": "file"}')));
    const parsed = () => expect.unreachable('the messages were parsed');
    const bound = cheapInputBound({ model: 'gpt-4o', messages, extraBytes: [], parsed });
    expect(bound).toBe(messages.length + 3);
  });

  test.each([
    ['a part of a message', [{ type: 'image_url', image_url: { url: 'https://a.example/b.png' } }]],
    ['a part without a type', [{ image_url: { url: 'https://a.example/b.png' } }]],
  ])('%s that is a picture counts as one', (_what, content) => {
    expect(cheap(user(content))).toBe(3 + 3 + 'user'.length + 1445);
  });

  test('a picture that is written with escapes counts as one', () => {
    const text =
      '[{"role":"user","content":[{"t\\u0079pe":"image\\u005furl","im\\u0061ge_url":{"url":"https://a"}}]}]';
    const sent = {
      model: 'gpt-4o',
      messages: Buffer.from(text),
      extraBytes: [],
      parsed: () => JSON.parse(text),
    };
    expect(cheapInputBound(sent)).toBe(3 + 3 + 'user'.length + 1445);
  });

  test('messages that are no JSON are one text', () => {
    const messages = Buffer.from('"type": {');
    const sent = { model: 'gpt-4o', messages, extraBytes: [], parsed: () => messages.toString() };
    expect(cheapInputBound(sent)).toBeGreaterThanOrEqual(messages.length);
  });

  test('messages that are nested deeper than any provider reads do no harm', () => {
    let deep: unknown = [];
    for (let level = 0; level < 100_000; level++) deep = [deep];
    const messages = Buffer.from('"type"');
    const sent = { model: 'gpt-4o', messages, extraBytes: [], parsed: () => [{ role: deep }] };
    expect(cheapInputBound(sent)).toBe(6);
  });
});

const url = (more: object = {}) => [
  { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', ...more } },
];

test('pictures count the same by tokenizer as cheaply', async () => {
  expect(await close(user(url()))).toBe(3 + 3 + 1 + 1445);
});

const content = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc.lorem({ maxCount: 40 }),
  fc.array(
    fc.oneof(
      fc.lorem().map((text) => ({ type: 'text', text })),
      fc.constantFrom('low', 'high').map((detail) => url({ detail })[0]),
      fc.record({ type: fc.constantFrom('refusal', 'thinking'), text: fc.string() }),
    ),
    { maxLength: 4 },
  ),
);
const message = fc.record(
  { role: fc.constantFrom('user', 'assistant', 'system'), content, name: fc.string() },
  { requiredKeys: ['role', 'content'] },
);

const model = fc.constantFrom('gpt-4o', 'gpt-4', 'claude-opus-4-5', 'openai/gpt-oss-120b');

test('the bound by tokenizer is never above the cheap one', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(message, { maxLength: 5 }),
      model,
      fc.boolean(),
      async (messages, name, tooled) => {
        const extras = tooled ? [tools] : [];
        expect(await close(messages, name, extras)).toBeLessThanOrEqual(cheap(messages, name, extras));
      },
    ),
  );
});

test('the bound by tokenizer is never below what the tokenizer makes of its texts, nor is the cheap one', async () => {
  const texts = fc.array(fc.oneof(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.lorem()), {
    maxLength: 5,
  });
  await fc.assert(
    fc.asyncProperty(texts, model, async (contents, name) => {
      const messages = contents.map((text) => ({ role: 'user', content: text }));
      const counted = await counter.count(name, contents);
      expect(await close(messages, name)).toBeGreaterThanOrEqual(counted);
      expect(cheap(messages, name)).toBeGreaterThanOrEqual(counted);
    }),
  );
});
