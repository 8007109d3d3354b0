import { describe, expect, test } from 'vitest';
import { ManualTimers } from '../../tests/harness/manual-timers.ts';
import type { Call } from '../call.ts';
import { Remainders } from './remainders.ts';

const MIB = 1024 * 1024;

interface Whose {
  readonly key?: string;
  /** The key's `max_parallel_requests`. */
  readonly parallel?: number | null;
  /** Of the request. */
  readonly bytes?: number;
}

function reading(policy: 'drain' | 'cancel' = 'drain') {
  const timers = new ManualTimers();
  const remainders = new Remainders({ policy, timers });
  const cuts: string[] = [];
  const begin = (name: string, { key = name, parallel = null, bytes = 1000 }: Whose = {}) => {
    const identity = { keyHash: key, limits: { parallel } };
    const call = { identity, bound: { prompt: bytes } } as unknown as Call;
    return remainders.begin(call, () => {
      cuts.push(name);
    });
  };
  /** How many of so many answers are read. */
  const begun = (count: number, whose: (each: number) => Whose) =>
    Array.from({ length: count }, (_, each) => begin('one', whose(each))).filter((one) => one !== null);
  return { timers, remainders, cuts, begin, begun };
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
  long?.read(64 * MIB);
  expect(cuts).toEqual([]);
  long?.read(1);
  expect(cuts).toEqual(['long']);
});

describe('at once are read', () => {
  test('256 answers, and no more', () => {
    const { begin, begun } = reading();
    const all = begun(300, (each) => ({ key: `${each}` }));
    expect(all).toHaveLength(256);
    all[0]?.end();
    expect(begin('more')).not.toBeNull();
    expect(begin('still more')).toBeNull();
  });

  test('64 of one key, so that nobody takes the place of all', () => {
    const { begin, begun } = reading();
    expect(begun(100, () => ({ key: 'mine' }))).toHaveLength(64);
    expect(begin('another')).not.toBeNull();
  });

  test('as many of one key as it may have calls', () => {
    const { begun } = reading();
    const all = begun(5, () => ({ key: 'mine', parallel: 2 }));
    expect(all).toHaveLength(2);
    all[0]?.end();
    expect(begun(5, () => ({ key: 'mine', parallel: 2 }))).toHaveLength(1);
  });

  test('those of requests of 64 MB together and of 16 MB of a key: they are held meanwhile', () => {
    const { begin, begun } = reading();
    expect(begin('huge', { bytes: 17 * MIB })).toBeNull();
    expect(begun(20, () => ({ key: 'mine', bytes: MIB }))).toHaveLength(16);
    expect(begun(60, (each) => ({ key: `${each}`, bytes: MIB }))).toHaveLength(48);
  });
});

test('none is read where that is the operator’s wish, nor when the gateway ends', () => {
  expect(reading('cancel').begin('one')).toBeNull();
  const { remainders, cuts, begin } = reading();
  begin('one');
  remainders.close();
  expect(cuts).toEqual(['one']);
  expect(begin('two')).toBeNull();
});
