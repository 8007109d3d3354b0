import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameBuffer, readFrames } from './frame.ts';

const UNWRITTEN = Buffer.alloc(64);
const payload = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }),
  fc.json().map((text) => `o${text}`),
);
const payloads = fc.array(payload, { maxLength: 20 });

function written(texts: readonly string[]): { bytes: Buffer; ends: number[] } {
  const frames = new FrameBuffer();
  const ends = texts.map((text) => {
    frames.add(text);
    return frames.length;
  });
  return { bytes: Buffer.concat([frames.bytes, UNWRITTEN]), ends };
}

/** How many frames lie wholly before a byte. */
const wholeBefore = (ends: readonly number[], at: number): number => ends.filter((end) => end <= at).length;

test('any sequence of payloads is read as it was written, up to what was not written yet', () => {
  fc.assert(
    fc.property(payloads, (texts) => {
      const { bytes, ends } = written(texts);
      expect(readFrames(bytes)).toEqual({ payloads: texts, end: ends.at(-1) ?? 0, torn: false });
    }),
  );
});

test('reading may begin at any frame', () => {
  fc.assert(
    fc.property(payloads, fc.nat(), (texts, pick) => {
      const { bytes, ends } = written(texts);
      const skipped = texts.length === 0 ? 0 : pick % texts.length;
      const from = skipped === 0 ? 0 : (ends[skipped - 1] as number);
      expect(readFrames(bytes, from).payloads).toEqual(texts.slice(skipped));
    }),
  );
});

test('a file that was cut anywhere loses the frames from there on and no other', () => {
  fc.assert(
    fc.property(payloads, fc.nat(), (texts, place) => {
      const { bytes, ends } = written(texts);
      const cut = place % (bytes.length + 1);
      expect(readFrames(bytes.subarray(0, cut)).payloads).toEqual(texts.slice(0, wholeBefore(ends, cut)));
    }),
  );
});

test('a bit that is wrong anywhere loses the frames from there on, and never yields another payload', () => {
  fc.assert(
    fc.property(payloads, fc.nat(), fc.integer({ min: 0, max: 7 }), (texts, place, bit) => {
      const { bytes, ends } = written(texts);
      const at = place % bytes.length;
      bytes[at] = (bytes[at] as number) ^ (1 << bit);
      const read = readFrames(bytes);
      expect(read.payloads).toEqual(texts.slice(0, wholeBefore(ends, at)));
      expect(read.torn).toBe(true);
    }),
    { numRuns: 500 },
  );
});

describe('the buffer', () => {
  test('grows with what is put into it', () => {
    const large = 'x'.repeat(200_000);
    expect(readFrames(written(['small', large, 'small']).bytes).payloads).toEqual(['small', large, 'small']);
  });

  test('forgets what is taken back', () => {
    const frames = new FrameBuffer();
    const first = frames.add('kept');
    frames.add('taken back');
    frames.clear(first);
    frames.add('next');
    expect(readFrames(frames.bytes).payloads).toEqual(['kept', 'next']);
  });

  test('refuses a payload that would read as not written', () => {
    expect(() => new FrameBuffer().add('')).toThrow(RangeError);
  });
});
