import { expect, test } from 'vitest';
import { keepTime, monotonicMs } from './metronome.ts';

test('every beat is told, in order, at even distances, and never before it is due', async () => {
  const beats: number[] = [];
  const early: number[] = [];
  await keepTime({ intervalMs: 2, beats: 25 }, (dueMs) => {
    beats.push(dueMs);
    if (monotonicMs() < dueMs - 0.1) early.push(dueMs);
  });
  expect(beats).toHaveLength(25);
  expect(early).toEqual([]);
  const distances = beats.slice(1).map((due, i) => due - (beats[i] as number));
  for (const distance of distances) expect(distance).toBeCloseTo(2, 3);
});
