import { expect, test } from 'vitest';
import { readOptions } from './options.ts';

const known = ['direct', 'bare', 'ours'];

test('nothing set means every part, every peer in five rounds, and ten million rows', () => {
  expect(readOptions({}, known)).toMatchObject({
    parts: ['calls', 'revocation', 'reports'],
    peers: known,
    rounds: 5,
    rows: 10_000_000,
  });
});

test('a part can be measured alone', () => {
  expect(readOptions({ BENCH_PARTS: 'reports', BENCH_ROWS: '1000' }, known)).toMatchObject({
    parts: ['reports'],
    rows: 1000,
  });
});

test('chosen peers keep the order of the turns', () => {
  expect(readOptions({ BENCH_PEERS: 'ours, bare', BENCH_SECONDS: '2' }, known)).toMatchObject({
    peers: ['bare', 'ours'],
    seconds: 2,
  });
});

test('an unknown peer is refused with those that exist', () => {
  expect(() => readOptions({ BENCH_PEERS: 'ours,bear' }, known)).toThrow(
    "BENCH_PEERS names 'bear'; choose from direct, bare, ours",
  );
});

test.each(['0', '-1', '1.5', 'ten', '61'])('BENCH_SECONDS=%s is refused', (seconds) => {
  expect(() => readOptions({ BENCH_SECONDS: seconds }, known)).toThrow('give whole seconds from 1 to 60');
});
