import { expect, test } from 'vitest';
import { readPrompt } from './prompt.ts';

const read = (messages: unknown) => readPrompt(messages, 'gpt-4o');

test('a prompt is its texts, its media and the number of its messages', () => {
  const picture = { type: 'image_url', image_url: { url: 'https://a.example/b.png', detail: 'low' } };
  const messages = [
    { role: 'system', name: 'ada', content: 'be kind' },
    { role: 'user', content: [{ type: 'text', text: 'what is it?' }, picture] },
  ];
  expect(read(messages)).toEqual({
    messages: 2,
    names: 1,
    texts: ['system', 'ada', 'be kind', 'user', 'what is it?'],
    media: [85],
  });
});

test('calls of tools and unknown parts are the text that they are written as', () => {
  const calls = [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }];
  const refusal = { type: 'refusal', refusal: 'no' };
  expect(read([{ role: 'assistant', content: [refusal], tool_calls: calls }]).texts).toEqual([
    'assistant',
    JSON.stringify(refusal),
    JSON.stringify(calls),
  ]);
});

test('what an assistant said aloud before is a sound', () => {
  expect(read([{ role: 'assistant', content: null, audio: { id: 'audio_1' } }]).media).toEqual([115_200]);
});

test.each([
  ['a text', 'hello', ['hello']],
  ['an object', { role: 'user' }, ['user']],
  ['nothing', undefined, []],
])('%s instead of messages is no message', (_what, messages, texts) => {
  expect(read(messages)).toEqual({ messages: 0, names: 0, texts, media: [] });
});
