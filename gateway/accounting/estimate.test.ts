import { expect, test } from 'vitest';
import { estimateCompletionTokens, estimatedUsage } from './estimate.ts';

test('a prompt is four bytes a token and four tokens a message', () => {
  const messages = [
    { role: 'user', content: 'x'.repeat(40) },
    { role: 'user', content: 'é'.repeat(4) },
  ];
  expect(estimatedUsage(messages, 7)).toEqual({
    prompt_tokens: 4 + 10 + 4 + 2,
    completion_tokens: 7,
    total_tokens: 27,
    estimated: true,
  });
});

test('a picture counts a flat thousand, however large its base64', () => {
  const picture = { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(100_000)}` } };
  const content = [{ type: 'text', text: 'what?' }, picture];
  expect(estimatedUsage([{ role: 'user', content }], 0).prompt_tokens).toBe(4 + 2 + 1000);
});

test.each([[undefined], ['text'], [[null, 7]]])('messages that are none count little: %j', (messages) => {
  expect(estimatedUsage(messages, 0).prompt_tokens).toBeLessThan(10);
});

test('an answer counts its choices', () => {
  expect(
    estimateCompletionTokens([{ message: { content: 'x'.repeat(8) } }, { message: { content: null } }]),
  ).toBe(2);
});
