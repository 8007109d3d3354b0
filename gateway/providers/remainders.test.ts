import { expect, test } from 'vitest';
import { ManualTimers } from '../../tests/harness/manual-timers.ts';
import { Remainders } from './remainders.ts';

function reading(policy: 'drain' | 'cancel' = 'drain') {
  const timers = new ManualTimers();
  const remainders = new Remainders({ policy, timers });
  const cuts: string[] = [];
  const begin = (name: string) =>
    remainders.begin(() => {
      cuts.push(name);
    });
  return { timers, remainders, cuts, begin };
}

test('an answer is read for five minutes, and one that ends by then is not cut', async () => {
  const { timers, cuts, begin } = reading();
  begin('long');
  const short = begin('short');
  await timers.pass(299_000);
  short?.end();
  expect(cuts).toEqual([]);
  await timers.pass(1000);
  expect(cuts).toEqual(['long']);
});

test('an answer of more than 64 MB is cut', () => {
  const { cuts, begin } = reading();
  const long = begin('long');
  long?.read(64 * 1024 * 1024);
  expect(cuts).toEqual([]);
  long?.read(1);
  expect(cuts).toEqual(['long']);
});

test('256 answers are read at once, and no more', () => {
  const { begin } = reading();
  const all = Array.from({ length: 256 }, () => begin('one'));
  expect(all).not.toContain(null);
  expect(begin('more')).toBeNull();
  all[0]?.end();
  expect(begin('more')).not.toBeNull();
});

test('none is read where that is the operator’s wish, nor when the gateway ends', () => {
  expect(reading('cancel').begin('one')).toBeNull();
  const { remainders, cuts, begin } = reading();
  begin('one');
  remainders.close();
  expect(cuts).toEqual(['one']);
  expect(begin('two')).toBeNull();
});
