import { expect, test } from 'vitest';
import { readChatRequest } from './chat-request.ts';
import { requireParams, requireUser } from './required-params.ts';

const chatOf = (body: object) => readChatRequest(Buffer.from(JSON.stringify({ model: 'm', ...body })));

test.each([
  ['a member', { user: 'ada' }, ['user']],
  ['a member of an object', { metadata: { cost: { center: 7 } } }, ['metadata.cost.center']],
  ['one that says false', { metadata: { test: false } }, ['metadata.test']],
  ['nothing, of which nothing is required', {}, []],
])('a call that has %s passes', (_title, body, names) => {
  expect(() => requireParams(chatOf(body), names)).not.toThrow();
});

test.each([
  ['is not there', {}, ['user'], 'user'],
  ['is empty', { user: '' }, ['user'], 'user'],
  ['is null', { metadata: { a: null } }, ['metadata.a'], 'metadata.a'],
  ['is inherited by every object', { metadata: {} }, ['metadata.constructor'], 'metadata.constructor'],
  ['is below a text', { metadata: 'a' }, ['metadata.length'], 'metadata.length'],
  ['is the second that is required', { user: 'ada' }, ['user', 'n'], 'n'],
])('a parameter that %s is named', (_title, body, names, param) => {
  expect(() => requireParams(chatOf(body), names)).toThrow(expect.objectContaining({ param, status: 400 }));
});

test('who must be named is named', () => {
  expect(() => requireUser(chatOf({ user: 'ada' }))).not.toThrow();
  expect(() => requireUser(chatOf({}))).toThrow(expect.objectContaining({ status: 401, type: 'auth_error' }));
});
