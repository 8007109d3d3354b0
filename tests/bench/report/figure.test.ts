import { expect, test } from 'vitest';
import { figure } from './figure.ts';

test.each([
  [15_229.84, '15,230'],
  [120.4, '120'],
  [9.996, '10.00'],
  [4.6, '4.60'],
  [0.812, '0.812'],
  [0.0051, '0.0051'],
  [0, '0'],
  [null, '-'],
  [Number.NaN, '-'],
])('%s is written as %s', (value, text) => {
  expect(figure(value)).toBe(text);
});
