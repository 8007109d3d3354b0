import { expect, test } from 'vitest';
import { eachMetric, type Sample } from '../metrics.ts';
import { judgeLimits } from './limits.ts';
import { condense, type Measured } from './result.ts';

const sample = (requestsPerSecond: number | null, faults: readonly string[] = []): Sample => ({
  values: eachMetric((metric) => (metric === 'requestsPerSecond' ? requestsPerSecond : null)),
  faults,
});

const measured = (name: string, ...rates: (number | null)[]): Measured => ({
  name,
  title: name,
  rounds: rates.map((rate) => sample(rate)),
});

const seen = (peers: readonly Measured[]) => judgeLimits(condense(peers)).map(({ holds }) => holds);

test('a ratio is the median of the ratios of each round, not of the medians', () => {
  const [ours] = condense([measured('ours', 50, 90, 60), measured('bare', 100, 100, 200)]);
  expect(ours?.medians.requestsPerSecond).toBe(60);
  expect(ours?.againstBare.requestsPerSecond).toBe(0.5);
  expect(ours?.againstPortkey.requestsPerSecond).toBeNull();
});

test('a round in which a peer could not be measured is left out', () => {
  const [ours] = condense([measured('ours', null, 90, 60), measured('bare', 100, 100, 100)]);
  expect(ours?.againstBare.requestsPerSecond).toBe(0.75);
});

test('at the limits everything holds', () => {
  const peers = [
    measured('direct', 300),
    measured('bare', 100),
    measured('ours', 50),
    measured('portkey', 6.25),
  ];
  expect(seen(peers)).toEqual([true, true, true, true]);
});

test('below the limits each is named with what was seen', () => {
  const peers = [
    measured('direct', 299),
    measured('bare', 100),
    measured('ours', 49),
    measured('portkey', 6.25),
  ];
  expect(judgeLimits(condense(peers)).map(({ holds, seen: text }) => [holds, text])).toEqual([
    [false, '7.84 times'],
    [false, '0.49 times'],
    [false, '2.99 times'],
    [true, 'no call failed'],
  ]);
});

test('a limit whose peer could not be measured does not hold', () => {
  expect(seen([measured('bare', 100), measured('direct', null)])).toEqual([false]);
});

test('a limit of which one side was not chosen is not judged', () => {
  expect(seen([measured('ours', 100)])).toEqual([true]);
});

test('one failed call of ours is too many', () => {
  const ours = { name: 'ours', title: 'ours', rounds: [sample(1), sample(1, ['streams: 1 of 9 failed'])] };
  expect(judgeLimits(condense([ours]))).toMatchObject([{ holds: false, seen: 'streams: 1 of 9 failed' }]);
});
