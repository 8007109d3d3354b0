import { expect, test } from 'vitest';
import { eachMetric, type Metric, type Sample } from '../metrics.ts';
import { judgeLimits } from './limits.ts';
import { condense, type Measured } from './result.ts';

const sample = (metric: Metric, value: number | null, faults: readonly string[] = []): Sample => ({
  values: eachMetric((each) => (each === metric ? value : null)),
  faults,
});

const measured = (name: string, metric: Metric, ...values: (number | null)[]): Measured => ({
  name,
  title: name,
  rounds: values.map((value) => sample(metric, value)),
});

const rates = (name: string, ...values: (number | null)[]): Measured =>
  measured(name, 'requestsPerSecond', ...values);

/** The judgement of each claim that has these words in it. */
const judged = (words: string, ...peers: Measured[]) =>
  judgeLimits(condense(peers))
    .filter(({ claim }) => claim.includes(words))
    .map(({ holds, seen }) => [holds, seen]);

test('a ratio is the median of the ratios of each round, not of the medians', () => {
  const [ours] = condense([rates('ours', 50, 90, 60), rates('bare', 100, 100, 200)]);
  expect(ours?.medians.requestsPerSecond).toBe(60);
  expect(ours?.againstBare.requestsPerSecond).toBe(0.5);
  expect(ours?.againstPortkey.requestsPerSecond).toBeNull();
});

test('a round in which a peer could not be measured is left out', () => {
  const [ours] = condense([rates('ours', null, 90, 60), rates('bare', 100, 100, 100)]);
  expect(ours?.againstBare.requestsPerSecond).toBe(0.75);
});

test.each([
  [90, true, '0.900 times'],
  [89, false, '0.890 times'],
])('%d requests beside 100 of the one to reach: %j', (rate, holds, seen) => {
  expect(judged('crabllm', rates('ours', rate), rates('crabllm', 100))).toEqual([[holds, seen]]);
});

test.each([
  [1.3, true, '0.300 ms'],
  [0.5, true, '-0.500 ms'],
  [1.4, false, '0.400 ms'],
])('a p99 of %d ms beside 1 ms: %j', (p99, holds, seen) => {
  const fixed = (name: string, value: number): Measured => measured(name, 'fixedP99Ms', value);
  // In binary 1.3 - 1 is a little more than 0.3.
  const [[found, text] = []] = judged('p99', fixed('ours', p99 - 1e-9), fixed('bare', 1));
  expect([found, text]).toEqual([holds, seen]);
});

test('what is compared with nobody is judged by its median', () => {
  const memory = (...values: number[]): Measured => measured('ours', 'idleMegabytes', ...values);
  expect(judged('at rest', memory(90, 200, 130))).toEqual([[true, '130 MB']]);
  expect(judged('at rest', memory(90, 200, 131))).toEqual([[false, '131 MB']]);
});

test('a limit whose peer could not be measured does not hold', () => {
  expect(judged('load generator', rates('bare', 100), rates('direct', null))).toEqual([
    [false, 'it could not be measured'],
  ]);
});

test('a limit of which one side was not chosen is not judged', () => {
  expect(judged('crabllm', rates('ours', 100))).toEqual([]);
  expect(judged('load generator', rates('bare', 100))).toEqual([]);
});

test('one failed call of ours is too many', () => {
  const failing = { ...rates('ours', 1), rounds: [sample('startSeconds', 1, ['streams: 1 of 9 failed'])] };
  expect(judged('answered well', failing)).toEqual([[false, 'streams: 1 of 9 failed']]);
  expect(judged('answered well', rates('ours', 1))).toEqual([[true, 'no call failed']]);
});
