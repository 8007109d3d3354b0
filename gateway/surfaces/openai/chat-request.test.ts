import { expect, test } from 'vitest';
import { namedByHeaders, readChatRequest } from './chat-request.ts';

const chat = readChatRequest(Buffer.from('{"model": "m", "user": "of-the-body"}'));
const userOf = (headers: Record<string, string>, own: readonly string[] = ['x-person', 'x-account']) =>
  namedByHeaders(chat, headers, own).user;

test.each([
  ['of its body, where no header names one', {}, 'of-the-body'],
  ['of the header that LiteLLM knows', { 'x-litellm-end-user-id': 'ada' }, 'ada'],
  ['of its other name', { 'x-litellm-customer-id': 'ben' }, 'ben'],
  ['of the operator’s own header first', { 'x-person': 'cleo', 'x-litellm-end-user-id': 'ada' }, 'cleo'],
  ['of the operator’s headers in their order', { 'x-account': 'dan', 'x-person': 'cleo' }, 'cleo'],
  ['of the operator’s next one, where the first is not sent', { 'x-account': 'dan' }, 'dan'],
  ['of the body, where the header is empty', { 'x-person': '' }, 'of-the-body'],
])('the customer of a call is that %s', (_title, headers, user) => {
  expect(userOf(headers as Record<string, string>)).toBe(user);
});

test('a header that the operator has not named names nobody', () => {
  expect(userOf({ 'x-person': 'cleo' }, [])).toBe('of-the-body');
});

test('a name that no index takes is refused, with its header', () => {
  expect(() => userOf({ 'x-person': 'x'.repeat(513) })).toThrow(
    expect.objectContaining({ param: 'x-person' }),
  );
});
