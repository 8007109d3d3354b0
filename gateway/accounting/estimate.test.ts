import { expect, test } from 'vitest';
import { estimatedUsage, textsOf } from './estimate.ts';

const model = 'gpt-4o';
const uncounted = { count: async () => undefined };
const promptTokens = async (messages: unknown): Promise<unknown> =>
  (await estimatedUsage({ model, messages, completion: { texts: [], atLeast: 0 } }, uncounted)).prompt_tokens;

test('texts are counted for the model that was asked, prompt and answer apart', async () => {
  const asked: unknown[] = [];
  const counter = {
    count: async (name: string, texts: readonly string[]) => asked.push([name, texts]) * 10,
  };
  const messages = [{ role: 'user', content: 'one two' }];
  expect(
    await estimatedUsage({ model, messages, completion: { texts: ['three'], atLeast: 1 } }, counter),
  ).toEqual({
    prompt_tokens: 3 + 10,
    completion_tokens: 20,
    total_tokens: 33,
    estimated: true,
  });
  expect(asked).toEqual([
    [model, ['user', 'one two']],
    [model, ['three']],
  ]);
});

test('where they cannot be counted a prompt is four bytes a token and four tokens a message', async () => {
  const messages = [
    { role: 'user', content: 'x'.repeat(40) },
    { role: 'user', content: 'é'.repeat(4) },
  ];
  expect(
    await estimatedUsage({ model, messages, completion: { texts: ['x'.repeat(28)], atLeast: 0 } }, uncounted),
  ).toEqual({
    prompt_tokens: 4 + 10 + 4 + 2,
    completion_tokens: 7,
    total_tokens: 27,
    estimated: true,
  });
});

test('a picture counts a flat thousand, however large its base64', async () => {
  const picture = { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(100_000)}` } };
  const content = [{ type: 'text', text: 'what?' }, picture];
  expect(await promptTokens([{ role: 'user', content }])).toBe(4 + 2 + 1000);
});

test('a picture counts less where it cannot be a thousand tokens', async () => {
  const picture = { type: 'image_url', image_url: { url: 'https://a.example/b.png', detail: 'low' } };
  expect(await promptTokens([{ role: 'user', content: [picture] }])).toBe(4 + 85);
});

test.each([[undefined], ['text'], [[null, 7]]])(
  'messages that are none count little: %j',
  async (messages) => {
    expect(await promptTokens(messages)).toBeLessThan(10);
  },
);

test.each([
  [[{ message: { content: 'some' } }, { message: { content: null } }, null], ['some']],
  [
    [
      {
        message: {
          content: null,
          reasoning_content: 'why',
          refusal: 'no',
          tool_calls: [{ id: 'call_1', function: { name: 'look_up', arguments: '{"a":1}' } }, null],
        },
      },
    ],
    ['why', 'no', 'look_up', '{"a":1}'],
  ],
  [undefined, []],
])('the texts of %j are %j', (choices, texts) => {
  expect(textsOf(choices)).toEqual(texts);
});
