import { expect, test } from 'vitest';
import { estimateCompletionTokens, estimatedUsage } from './estimate.ts';
import { Tokenizers } from './tokenizer.ts';

const model = 'gpt-4o';
const promptTokens = (messages: unknown): unknown =>
  estimatedUsage({ model, messages, completionTokens: 0 }, undefined).prompt_tokens;

test('a prompt is four bytes a token and four tokens a message', () => {
  const messages = [
    { role: 'user', content: 'x'.repeat(40) },
    { role: 'user', content: 'é'.repeat(4) },
  ];
  expect(estimatedUsage({ model, messages, completionTokens: 7 }, undefined)).toEqual({
    prompt_tokens: 4 + 10 + 4 + 2,
    completion_tokens: 7,
    total_tokens: 27,
    estimated: true,
  });
});

test('a picture counts a flat thousand, however large its base64', () => {
  const picture = { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(100_000)}` } };
  const content = [{ type: 'text', text: 'what?' }, picture];
  expect(promptTokens([{ role: 'user', content }])).toBe(4 + 2 + 1000);
});

test('a picture counts less where it cannot be a thousand tokens', () => {
  const picture = { type: 'image_url', image_url: { url: 'https://a.example/b.png', detail: 'low' } };
  expect(promptTokens([{ role: 'user', content: [picture] }])).toBe(4 + 85);
});

test.each([[undefined], ['text'], [[null, 7]]])('messages that are none count little: %j', (messages) => {
  expect(promptTokens(messages)).toBeLessThan(10);
});

test('an answer counts its choices', () => {
  const choices = [{ message: { content: 'x'.repeat(8) } }, { message: { content: null } }];
  expect(estimateCompletionTokens(choices, undefined)).toBe(2);
});

test('the tokenizer counts where it is loaded, unless others would have to wait for it', async () => {
  const tokenizer = await new Tokenizers().load(model);
  const choices = (content: string) => [{ message: { content } }];
  expect(estimateCompletionTokens(choices('extraordinarily interesting'), undefined)).toBe(7);
  expect(estimateCompletionTokens(choices('extraordinarily interesting'), tokenizer)).toBe(4);
  const messages = [{ role: 'user', content: ' the'.repeat(10) }];
  expect(estimatedUsage({ model, messages, completionTokens: 1 }, tokenizer)).toMatchObject({
    prompt_tokens: 3 + 1 + 10,
    estimated: true,
  });
  const long = ' the'.repeat(10_000);
  expect(estimateCompletionTokens(choices(`${long}ology`), tokenizer)).toBe(10_002);
});
