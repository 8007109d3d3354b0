import { expect, test } from 'vitest';
import { readChatRequest } from './chat-request.ts';
import { tokenBound } from './token-bound.ts';

const bound = (members: object) =>
  tokenBound(readChatRequest(Buffer.from(JSON.stringify({ model: 'm', messages: [], ...members }))));

test.each([
  ['4,096 where the request says nothing', {}, 4096],
  ['what it says', { max_tokens: 5 }, 5],
  ['what the newer name says, where both are there', { max_tokens: 5, max_completion_tokens: 7 }, 7],
  ['that for each of its answers', { max_tokens: 5, n: 3 }, 15],
  ['the default where it says nonsense', { max_tokens: -1, n: 'many' }, 4096],
])('an answer has at most so many tokens: %s', (_what, members, completion) => {
  expect(bound(members).completion).toBe(completion);
});

test('a prompt has at most as many tokens as the request has bytes', () => {
  const body = { model: 'm', messages: [{ role: 'user', content: 'é'.repeat(100) }] };
  expect(bound(body).prompt).toBe(Buffer.byteLength(JSON.stringify(body)));
});
