import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ClippedText, clippedText } from './clip-text.ts';

test('a text that is too long keeps 35 % from its beginning and 65 % from its end, and says what it lacks', () => {
  const text = 'a'.repeat(500) + 'b'.repeat(800) + 'c'.repeat(500);
  expect(clippedText(text, 1000)).toBe(
    `${'a'.repeat(350)}... (litellm_truncated skipped 800 chars) ...${'b'.repeat(150)}${'c'.repeat(500)}`,
  );
});

test('a text that is short enough stays as it is', () => {
  expect(clippedText('héllo', 5)).toBe('héllo');
});

test('half a surrogate pair at a cut becomes the replacement character', () => {
  expect(clippedText('\u{1f642}'.repeat(20), 10)).toMatch(
    /^\u{1f642}\ufffd\.\.\. .* \.\.\.\ufffd\u{1f642}{3}$/u,
  );
});

test('a text that grows in pieces is clipped as the whole of it would be', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 30 }), { maxLength: 60 }),
      fc.integer({ min: 1, max: 40 }),
      (pieces, most) => {
        const growing = new ClippedText(most);
        for (const piece of pieces) growing.add(piece);
        expect(growing.toString()).toBe(clippedText(pieces.join(''), most));
      },
    ),
  );
});
