import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AnswerReader } from './answer-reader.ts';

const withLength = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
const chunked = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n7\r\n{"a":1}\r\n0\r\n\r\n';

/** Feeds the text cut at the given places, and tells after which byte the answer was over. */
function read(text: string, cuts: readonly number[]) {
  const reader = new AnswerReader();
  const places = [...new Set([...cuts, text.length])].sort((a, b) => a - b);
  let body = '';
  let endedAt = -1;
  let from = 0;
  for (const to of places) {
    body += reader.push(Buffer.from(text.slice(from, to), 'latin1')).toString('latin1');
    if (reader.ended && endedAt < 0) endedAt = to;
    from = to;
  }
  return { status: reader.status, body, endedAt };
}

test.each([
  ['a body with a length', withLength, 'hello'],
  ['a chunked body', chunked, '7\r\n{"a":1}\r\n0\r\n\r\n'],
  ['an empty chunked body', 'HTTP/1.1 204 No\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n', '0\r\n\r\n'],
])('%s ends with its last byte, wherever the network cuts it', (_, text, body) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: text.length - 1 })), (cuts) => {
      expect(read(text, cuts)).toMatchObject({ body, endedAt: text.length });
    }),
  );
});

test('the status is that of the first line', () => {
  expect(read('HTTP/1.1 503 Busy\r\ncontent-length: 1\r\n\r\nx', [])).toMatchObject({ status: 503 });
});

test('a body of no bytes is over with its head', () => {
  const reader = new AnswerReader();
  reader.push(Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'));
  expect(reader.ended).toBe(true);
});
