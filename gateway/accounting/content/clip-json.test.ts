import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clippedJson } from './clip-json.ts';

const WIDE = { text: 1000, total: 64 * 1024 };
const clip = (value: unknown, limits = WIDE): string | null =>
  clippedJson(Buffer.from(JSON.stringify(value)), limits);
const read = (value: unknown, limits = WIDE) => JSON.parse(clip(value, limits) as string);

test('what fits is kept, without most of its spaces', () => {
  const written = Buffer.from('{"a":[1,   -2.5e3,true , null,\t\n"x\\n\\u00e9  y"],\n\n"b":{}}');
  expect(clippedJson(written, WIDE)).toBe('{"a":[1, -2.5e3,true , null, "x\\n\\u00e9  y"], "b":{}}');
});

test('a long text is clipped wherever it stands', () => {
  const long = '"\\\n'.repeat(700);
  const { messages } = read({ messages: [{ content: [{ type: 'text', text: long }] }] });
  expect(messages[0].content[0].text).toMatch(/\.\.\. \(litellm_truncated skipped 1100 chars\) \.\.\./);
});

test.each([
  [
    'a picture in base64',
    'QUJD'.repeat(200_000),
    /^(QUJD)+\.\.\. \(litellm_truncated skipped 799000 bytes\)/,
  ],
  ['a book of escapes', '\\"\n'.repeat(200_000), /^[\\"\n]+\.\.\. \(litellm_truncated skipped \d+ bytes\)/],
  [
    'a book in Japanese',
    '日本'.repeat(200_000),
    /^[日本\ufffd]+\.\.\. \(litellm_truncated skipped \d+ bytes\)/,
  ],
])('%s is not looked at beyond its beginning', (_what, text, shown) => {
  const { url } = read({ url: text });
  expect(url).toMatch(shown);
  expect(url.length).toBeLessThan(1100);
});

test.each([
  ['a list', Array.from({ length: 100_000 }, () => 'a word')],
  ['an object', Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`member${index}`, 1]))],
  ['lists in lists', Array.from({ length: 5000 }, () => [[1], [2]])],
])('%s that is too long is cut off, and says so', (_what, value) => {
  const text = clip({ value, last: 'unseen' }, { text: 1000, total: 2000 }) as string;
  expect(text.length).toBeLessThan(2200);
  expect(text).toMatch(/litellm_truncated skipped \d+ bytes/);
  expect(text).not.toContain('unseen');
});

test('a text is no longer than what is left for all of them', () => {
  const { a, b } = read({ a: 'a'.repeat(900), b: 'b'.repeat(900) }, { text: 1000, total: 1000 });
  expect([a.length, b.length < 150]).toEqual([900, true]);
});

describe('what no database could hold', () => {
  const nested = `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
  test.each([
    ['is nested too deep', nested],
    ['has a number as long as a book', `{"a":${'1'.repeat(50_000)}}`],
  ])('%s and is cut off there', (_what, json) => {
    const text = clippedJson(Buffer.from(json), WIDE) as string;
    expect(text.length).toBeLessThan(300);
    expect(text).toContain('litellm_truncated');
  });

  test.each(['{"a":[1 2]}', '{"a":"\\x"}', '{"a":nulll}', '{"a"', '{"a":"'])('%s is none at all', (json) => {
    expect(clippedJson(Buffer.from(json), WIDE)).toBeNull();
  });
});

test('any JSON is kept whole where there is room, and stays JSON where there is not', () => {
  const limits = fc.record({
    text: fc.integer({ min: 0, max: 30 }),
    total: fc.integer({ min: 0, max: 200 }),
  });
  const spaced = fc.constantFrom(undefined, 1);
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), limits, spaced, (value, narrow, spaces) => {
      const bytes = Buffer.from(JSON.stringify({ value }, null, spaces));
      const all = JSON.parse(bytes.toString());
      expect(JSON.parse(clippedJson(bytes, { text: 10_000, total: 1_000_000 }) as string)).toEqual(all);
      expect(clippedJson(bytes, narrow)).not.toBeNull();
    }),
  );
});
