import { describe, expect, test } from 'vitest';
import { KEEPS_NOTHING, type Keeping } from '../../accounting/content/content.ts';
import type { ContentSettings } from '../../config/config.ts';
import { readChatRequest } from './chat-request.ts';
import { ContentPolicy } from './content-policy.ts';

const OFF: ContentSettings = {
  storePrompts: false,
  textLength: 1000,
  redactMessages: false,
  keepProviderWords: false,
  ignoreNoLog: false,
};
const ON: ContentSettings = { ...OFF, storePrompts: true, keepProviderWords: true };
const ALL: Keeping = { content: 'content', providerWords: true, textLength: 1000 };
const REDACTED: Keeping = { content: 'redacted', providerWords: false, textLength: 0 };

interface Asking {
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly redacted?: boolean;
}

const chatOf = (body: object) => readChatRequest(Buffer.from(JSON.stringify({ model: 'gpt', ...body })));

function keeping(
  settings: ContentSettings,
  { body = {}, headers = {}, redacted = false }: Asking = {},
): Keeping {
  return new ContentPolicy(settings).keepingOf(chatOf(body), headers, { redacted });
}

test('nothing is kept unless the operator says so', () => {
  expect(keeping(OFF)).toBe(KEEPS_NOTHING);
});

test('prompts and providers’ words are kept by switches of their own', () => {
  expect(keeping(ON)).toEqual(ALL);
  expect(keeping({ ...ON, keepProviderWords: false })).toEqual({ ...ALL, providerWords: false });
  expect(keeping({ ...ON, storePrompts: false })).toEqual({ ...ALL, content: 'nothing' });
});

describe('a word stands for what was said', () => {
  test.each<[string, Asking]>([
    ['its key or team', { redacted: true }],
    ['a header', { headers: { 'x-litellm-enable-message-redaction': 'true' } }],
    ['a header of the older name', { headers: { 'litellm-enable-message-redaction': '1' } }],
    ['a header that cannot be read', { headers: { 'x-litellm-enable-message-redaction': '' } }],
    ['the request', { body: { turn_off_message_logging: true } }],
    ['the request, in a way that cannot be read', { body: { turn_off_message_logging: 'please' } }],
  ])('where %s wants it', (_who, asking) => {
    expect(keeping(ON, asking)).toEqual(REDACTED);
  });

  test('where the operator wants it, whatever the caller says', () => {
    const lifts = {
      headers: { 'litellm-disable-message-redaction': 'true', 'x-litellm-enable-message-redaction': 'false' },
      body: { turn_off_message_logging: false },
    };
    expect(keeping({ ...ON, redactMessages: true }, lifts)).toEqual(REDACTED);
    expect(keeping(ON, { ...lifts, redacted: true })).toEqual(REDACTED);
    expect(keeping(ON, lifts)).toEqual(ALL);
  });
});

describe('a caller that says no-log', () => {
  test.each([[true], ['true'], ['of course']])('(%j) leaves no words', (wish) => {
    expect(keeping(ON, { body: { 'no-log': wish } })).toBe(KEEPS_NOTHING);
  });

  test('is not heard where the operator does not listen', () => {
    expect(keeping({ ...ON, ignoreNoLog: true }, { body: { 'no-log': true } })).toEqual(ALL);
  });

  test('and one that says it is false is like any other', () => {
    expect(keeping(ON, { body: { 'no-log': false } })).toEqual(ALL);
  });
});

test('wishes that make no difference are named', () => {
  const chat = chatOf({ 'no-log': true, turn_off_message_logging: true });
  const lifting = { 'litellm-disable-message-redaction': 'true' };
  const strict = new ContentPolicy({ ...OFF, ignoreNoLog: true });
  expect(strict.overruled(chat, lifting)).toEqual(['no-log', 'litellm-disable-message-redaction']);
  expect(strict.overruled(chatOf({}), {})).toEqual([]);
  expect(new ContentPolicy(OFF).overruled(chat, {})).toEqual([]);
});
