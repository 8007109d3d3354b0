import { describe, expect, test } from 'vitest';
import {
  copyMessages,
  doubleField,
  integerField,
  jsonbField,
  rowStart,
  textField,
  timestampField,
} from './copy-format.ts';

const hex = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('hex');

/** What a field holds, after its length has been checked. */
function content(field: string): Buffer {
  const bytes = Buffer.from(field, 'latin1');
  expect(bytes.readInt32BE(0)).toBe(bytes.length - 4);
  return bytes.subarray(4);
}

describe('a text', () => {
  test('that is none has the length -1', () => {
    expect(hex(textField(null))).toBe('ffffffff');
  });

  test.each([
    ['an empty one', '', ''],
    ['ASCII', 'chatcmpl-1 ~', 'chatcmpl-1 ~'],
    ['controls', 'a\tb\n\u007f', 'a\tb\n\u007f'],
    ['many bytes a character', '\u00e4\u20ac\u{1f600}', '\u00e4\u20ac\u{1f600}'],
    ['one that is longer than most', '\u20ac'.repeat(20_000), '\u20ac'.repeat(20_000)],
    ['NUL', 'a\u0000b', 'a\ufffdb'],
    ['half a surrogate pair', 'a\ud83db', 'a\ufffdb'],
  ])('%s is sent as UTF-8 that PostgreSQL can hold', (_title, text, sent) => {
    expect(content(textField(text)).toString('utf8')).toBe(sent);
  });
});

test.each([
  ['{"a":"\u20ac"}', '{"a":"\u20ac"}'],
  ['{"a":["x\\u0000y"]}', '{"a":["x\ufffdy"]}'],
  ['{"a":"x\\ud83dy"}', '{"a":"x\ufffdy"}'],
  ['{"x\\u0000y":{"\\udc00":[1]}}', '{"x\ufffdy":{"\ufffd":[1]}}'],
  ['{"a":"x\\\\u0000y"}', '{"a":"x\\\\u0000y"}'],
])('the JSON %s is sent behind its version', (json, sent) => {
  const bytes = content(jsonbField(json));
  expect(bytes[0]).toBe(1);
  expect(bytes.subarray(1).toString('utf8')).toBe(sent);
});

test.each([0, 1, -1, 255, 65_536, 2 ** 31 - 1, -(2 ** 31)])('the integer %d is sent in 32 bits', (value) => {
  expect(content(integerField(value)).readInt32BE()).toBe(value);
});

test.each([2 ** 31, 2 ** 40, -(2 ** 31) - 1, 0.5, Number.NaN])('%d is no integer', (value) => {
  expect(() => integerField(value)).toThrow(RangeError);
});

test.each([0, 0.00012, -1.5, 1e300, 5e-324])('the number %d is sent in 64 bits', (value) => {
  expect(content(doubleField(value)).readDoubleBE()).toBe(value);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])('%d is no cost', (value) => {
  expect(() => doubleField(value)).toThrow(RangeError);
});

test.each([
  [Date.UTC(2000, 0, 1), 0n],
  [Date.UTC(2000, 0, 1) - 1, -1000n],
  [0, -946_684_800_000_000n],
  [Date.UTC(2026, 10, 21, 12, 0, 0, 123), 848_577_600_123_000n],
  [Date.UTC(2000, 0, 1) + 4_294_967, 4_294_967_000n],
])('the time %d is sent as microseconds since 2000', (timeMs, micros) => {
  expect(content(timestampField(timeMs)).readBigInt64BE()).toBe(micros);
});

describe('the messages of a COPY', () => {
  const HEADER = '5047434f50590aff0d0a00'.concat('00'.repeat(8));

  /** The data of all messages; checks types and lengths, and that the last one ends them. */
  function data(messages: readonly Buffer[]): string {
    expect(messages.at(-1)?.toString('hex')).toBe('6300000004');
    return messages
      .slice(0, -1)
      .map((message) => {
        expect(message.toString('latin1', 0, 1)).toBe('d');
        expect(message.readInt32BE(1)).toBe(message.length - 1);
        return message.toString('hex', 5);
      })
      .join('');
  }

  test('carry header, rows and trailer', () => {
    const row = (text: string) => rowStart(2) + textField(text) + textField(null);
    expect(data(copyMessages(['a', 'b'], row))).toBe(
      `${HEADER}0002${'00000001'}61ffffffff0002${'00000001'}62ffffffff${'ffff'}`,
    );
  });

  test('of no rows are a header and a trailer', () => {
    expect(data(copyMessages([], () => ''))).toBe(`${HEADER}ffff`);
  });

  test('are many when the rows are, and lose nothing between them', () => {
    const rows = Array.from({ length: 1000 }, (_, index) => String(index).padEnd(100, '.'));
    const messages = copyMessages(rows, (row) => row);
    expect(messages.length).toBeGreaterThan(3);
    expect(data(messages)).toBe(`${HEADER}${Buffer.from(rows.join('')).toString('hex')}ffff`);
  });
});
