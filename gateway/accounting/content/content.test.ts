import { describe, expect, test } from 'vitest';
import { contentOf, KEEPS_NOTHING, type Keeping, type Said } from './content.ts';

const CONTENT: Keeping = { content: 'content', providerWords: false, textLength: 1000 };

function said(overrides: Partial<Said> = {}): Said {
  const asked = Buffer.from('{"model":"gpt","messages":[{"role":"user","content":"xyzzy"}]}');
  return {
    keeping: CONTENT,
    modelGroup: 'gpt',
    asked,
    answered: '{"choices":["plugh"]}',
    failure: null,
    ...overrides,
  };
}

test('a call leaves what was asked and what was answered', () => {
  expect(contentOf(said())).toEqual({
    request: '{"model":"gpt","messages":[{"role":"user","content":"xyzzy"}]}',
    response: '{"choices":["plugh"]}',
  });
});

test('a call that failed has no answer', () => {
  expect(contentOf(said({ failure: {} }))?.response).toBe('{}');
});

test('a prompt that is no JSON is not kept', () => {
  expect(contentOf(said({ asked: Buffer.from('{"messages":[1 2]}') }))?.request).toBe('{}');
});

describe('a call that is redacted', () => {
  const redacted = said({ keeping: { ...CONTENT, content: 'redacted' } });

  test('leaves a word in the place of both', () => {
    const content = contentOf(redacted);
    expect(JSON.parse(content?.request ?? '')).toEqual({
      model: 'gpt',
      messages: [{ role: 'user', content: 'redacted-by-litellm' }],
    });
    expect(JSON.parse(content?.response ?? '')).toMatchObject({
      choices: [{ message: { content: 'redacted-by-litellm' } }],
    });
    expect(JSON.stringify(content)).not.toMatch(/xyzzy|plugh/);
  });

  test('has no answer when it failed', () => {
    expect(contentOf({ ...redacted, failure: {} })?.response).toBe('{}');
  });
});

test('a call of which nothing is kept leaves nothing', () => {
  expect(contentOf(said({ keeping: KEEPS_NOTHING }))).toBeNull();
});

test('a prompt of 50 MB is stored as its beginning', () => {
  const many = Array.from({ length: 500_000 }, (_, at) => ({
    role: 'user',
    content: `message ${at} ${'x'.repeat(60)}`,
  }));
  const { request = '' } = contentOf(said({ asked: Buffer.from(JSON.stringify({ messages: many })) })) ?? {};
  expect(request.length).toBeLessThan(66 * 1024);
  expect(JSON.parse(request).messages.at(-1)).toMatch(/^\.\.\. \(litellm_truncated skipped 5\d{7} bytes\)/);
});
