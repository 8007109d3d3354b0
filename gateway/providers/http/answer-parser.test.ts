import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AnswerFault, type AnswerHeaders, AnswerParser } from './answer-parser.ts';

interface Read {
  status: number;
  headers: AnswerHeaders;
  body: string;
  ends: number;
  reusable: boolean;
  over: boolean;
  idleMs: number | null;
}

/** Reads the pieces, and the end of the connection behind them where that is asked for. */
function read(pieces: readonly (string | Buffer)[], { closes = false } = {}): Read {
  const seen = { status: 0, headers: new Map() as AnswerHeaders, body: '', ends: 0 };
  const parser = new AnswerParser({
    head: (status, headers) => Object.assign(seen, { status, headers }),
    data: (piece) => {
      seen.body += piece.toString('latin1');
    },
    end: () => {
      seen.ends++;
    },
  });
  for (const piece of pieces) parser.read(Buffer.from(piece as string, 'latin1'));
  if (closes) parser.close();
  return { ...seen, reusable: parser.reusable, over: parser.over, idleMs: parser.idleMs };
}

const OK = 'HTTP/1.1 200 OK\r\n';

describe('an answer', () => {
  test('with a length ends with its last byte, and its connection can be used again', () => {
    const answer = read([`${OK}Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello`]);
    expect(answer).toMatchObject({ status: 200, body: 'hello', ends: 1, over: true, reusable: true });
    expect([...answer.headers]).toEqual([
      ['content-type', 'text/plain'],
      ['content-length', '5'],
    ]);
  });

  test('in chunks is read without their sizes, extensions and trailer', () => {
    const chunks = '5;name="x"\r\nhello\r\n1 \r\n,\r\nA\r\n0123456789\r\n0\r\nx-trailer: 1\r\n\r\n';
    const answer = read([`${OK}Transfer-Encoding: Chunked\r\n\r\n${chunks}`]);
    expect(answer).toMatchObject({ body: 'hello,0123456789', ends: 1, reusable: true });
  });

  test('without a length ends with its connection', () => {
    const head = `${OK}\r\n`;
    expect(read([head, 'hel', 'lo'])).toMatchObject({ body: 'hello', ends: 0, over: false });
    expect(read([head, 'hel', 'lo'], { closes: true })).toMatchObject({ ends: 1, reusable: false });
  });

  test('that is cut short does not end', () => {
    expect(read([`${OK}content-length: 5\r\n\r\nhell`], { closes: true })).toMatchObject({ ends: 0 });
    expect(read([`${OK}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n`], { closes: true })).toMatchObject({
      ends: 0,
      over: false,
    });
  });

  test.each([204, 304])('%i has no body whatever its head says', (status) => {
    const answer = read([`HTTP/1.1 ${status} x\r\ncontent-length: 5\r\n\r\n`]);
    expect(answer).toMatchObject({ status, body: '', ends: 1 });
  });

  test('is what comes behind interim ones', () => {
    const interim = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n';
    const answer = read([`${interim}${OK}content-length: 2\r\n\r\nok`]);
    expect(answer).toMatchObject({ status: 200, body: 'ok', ends: 1 });
    expect(answer.headers.has('link')).toBe(false);
  });

  test('has the values of a repeated header behind each other', () => {
    const { headers } = read([`${OK}x-a: 1\r\nX-A:\t2 \r\ncontent-length: 0\r\n\r\n`]);
    expect(headers.get('x-a')).toBe('1, 2');
  });

  test('may have a header of any name', () => {
    const { headers } = read([`${OK}__proto__: x\r\nconstructor: y\r\ncontent-length: 0\r\n\r\n`]);
    expect([headers.get('__proto__'), headers.get('constructor')]).toEqual(['x', 'y']);
  });
});

describe('a connection', () => {
  test.each([
    ['its provider closes', `${OK}connection: close\r\ncontent-length: 0\r\n\r\n`],
    ['its provider closes, among others', `${OK}connection: x, Close\r\ncontent-length: 0\r\n\r\n`],
    ['that is of HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n'],
    ['with something behind its answer', `${OK}content-length: 2\r\n\r\nok!`],
  ])('%s is not used again', (_what, bytes) => {
    expect(read([bytes])).toMatchObject({ ends: 1, reusable: false });
  });

  test('is kept as long as its provider says', () => {
    expect(read([`${OK}keep-alive: timeout=5, max=9\r\ncontent-length: 0\r\n\r\n`]).idleMs).toBe(5000);
    expect(read([`${OK}content-length: 0\r\n\r\n`]).idleMs).toBeNull();
  });
});

describe('refused is', () => {
  test.each([
    ['another protocol', 'HTTP/2 200 OK\r\n\r\n'],
    ['no status line', 'hello\r\n\r\n'],
    ['a status that is none', 'HTTP/1.1 700 x\r\n\r\n'],
    ['an upgrade that nobody asked for', 'HTTP/1.1 101 x\r\n\r\n'],
    ['a line that goes on in the next', `${OK}x-a: 1\r\n 2\r\n\r\n`],
    ['a space before the colon', `${OK}content-length : 2\r\n\r\n`],
    ['a header without a name', `${OK}: 2\r\n\r\n`],
    ['a line without a colon', `${OK}hello\r\n\r\n`],
    ['a bare line feed', `${OK}x-a: 1\ncontent-length: 2\r\n\r\n`],
    ['a control character', `${OK}x-a: \0\r\n\r\n`],
    ['two lengths', `${OK}content-length: 2\r\ncontent-length: 3\r\n\r\n`],
    ['a length that is no number', `${OK}content-length: +2\r\n\r\n`],
    ['a length and chunks', `${OK}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n`],
    ['another coding', `${OK}transfer-encoding: gzip, chunked\r\n\r\n`],
    ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'],
    ['a chunk without a size', `${OK}transfer-encoding: chunked\r\n\r\n;x\r\n`],
    ['a chunk of a size that is none', `${OK}transfer-encoding: chunked\r\n\r\n-5\r\n`],
    [
      'a chunk that is too large to be counted',
      `${OK}transfer-encoding: chunked\r\n\r\n${'f'.repeat(14)}\r\n`,
    ],
    ['a chunk that is longer than its size', `${OK}transfer-encoding: chunked\r\n\r\n1\r\nabc\r\n`],
    ['a size with a bare line feed', `${OK}transfer-encoding: chunked\r\n\r\n1\nab`],
    ['a head that does not end', `${OK}${'x-a: 1\r\n'.repeat(10_000)}`],
    ['a size that does not end', `${OK}transfer-encoding: chunked\r\n\r\n1;${'x'.repeat(5000)}`],
    [
      'a trailer that does not end',
      `${OK}transfer-encoding: chunked\r\n\r\n0\r\n${'x-a: 1\r\n'.repeat(20_000)}`,
    ],
    ['answers that are all interim', 'HTTP/1.1 102 x\r\n\r\n'.repeat(21)],
  ])('%s', (_what, bytes) => {
    expect(() => read([bytes])).toThrow(AnswerFault);
  });
});

test('nothing is told of an answer behind the piece at which its reader stopped it', () => {
  const told: string[] = [];
  const parser: AnswerParser = new AnswerParser({
    head: () => told.push('head'),
    data: () => {
      told.push('data');
      parser.stop();
    },
    end: () => told.push('end'),
  });
  parser.read(Buffer.from(`${OK}transfer-encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n`));
  expect(told).toEqual(['head', 'data']);
  expect([parser.over, parser.reusable]).toEqual([true, false]);
});

/** Cuts a text at the given places, wherever they are. */
function cut(text: string, places: readonly number[]): string[] {
  const at = [0, ...places.map((place) => place % (text.length + 1)).sort((a, b) => a - b), text.length];
  return at.slice(1).map((end, index) => text.slice(at[index], end));
}

test('an answer is the same at any division into pieces', () => {
  const chunk = fc.string({ minLength: 1, maxLength: 40, unit: 'binary-ascii' });
  fc.assert(
    fc.property(
      fc.array(chunk),
      fc.boolean(),
      fc.array(fc.nat(), { maxLength: 30 }),
      (chunks, chunked, places) => {
        const body = chunks.join('');
        const head = `HTTP/1.1 100 Continue\r\n\r\n${OK}x-a: b\r\n`;
        const inChunks = chunks.map((text) => `${text.length.toString(16)}\r\n${text}\r\n`).join('');
        const text = chunked
          ? `${head}transfer-encoding: chunked\r\n\r\n${inChunks}0\r\nx-t: 1\r\n\r\n`
          : `${head}content-length: ${body.length}\r\n\r\n${body}`;
        expect(read(cut(text, places))).toMatchObject({
          status: 200,
          body,
          ends: 1,
          over: true,
          reusable: true,
        });
      },
    ),
  );
});

test('whatever comes is an answer, a fault or unfinished', () => {
  const pieces = fc.constantFrom(
    OK,
    'content-length: 3\r\n',
    'transfer-encoding: chunked\r\n',
    '\r\n',
    '3',
    'abc',
    '0',
    '\n',
    ':',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 20 }), (texts) => {
      try {
        const { ends, over } = read(texts);
        expect(ends).toBe(over ? 1 : 0);
      } catch (fault) {
        expect(fault).toBeInstanceOf(AnswerFault);
      }
    }),
  );
});
