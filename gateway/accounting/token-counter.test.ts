import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { ManualTimers } from '../../tests/harness/manual-timers.ts';
import { type CountRequest, TokenCounter } from './token-counter.ts';

/** A thread in the hands of the test. */
class Thread extends EventEmitter {
  readonly asked: CountRequest[] = [];
  ended = false;
  postMessage(request: CountRequest): void {
    this.asked.push(request);
  }
  reply(tokens: number): void {
    this.emit('message', tokens);
  }
  unref(): void {}
  async terminate(): Promise<number> {
    this.ended = true;
    return 1;
  }
}

const open: TokenCounter[] = [];
afterEach(() => Promise.all(open.splice(0).map((counter) => counter[Symbol.asyncDispose]())));

function counting() {
  const threads: Thread[] = [];
  const warnings: string[] = [];
  const timers = new ManualTimers();
  const counter = new TokenCounter({
    timers,
    logger: { warn: (_fields: unknown, message: string) => warnings.push(message) } as never,
    startThread: () => {
      threads.push(new Thread());
      return threads.at(-1) as never;
    },
  });
  open.push(counter);
  const count = (text = 'some text') => counter.count('gpt-4o', [text]);
  return { counter, count, threads, timers, warnings, thread: () => threads.at(-1) as Thread };
}

test('texts are counted by a thread, which is there once somebody needs it', async () => {
  const { count, counter, threads, thread } = counting();
  expect(await counter.count('gpt-4o', [])).toBe(0);
  expect(threads).toEqual([]);
  const [first, second] = [count('one'), counter.count('gpt-4', ['two', 'three'])];
  expect(thread().asked).toEqual([{ model: 'gpt-4o', texts: ['one'] }]);
  thread().reply(1);
  expect(thread().asked.slice(1)).toEqual([{ model: 'gpt-4', texts: ['two', 'three'] }]);
  thread().reply(2);
  expect([await first, await second, threads.length]).toEqual([1, 2, 1]);
});

test('a thread that nobody has needed for a minute ends; the next call gets another', async () => {
  const { count, timers, thread, threads } = counting();
  const used = async () => {
    const counted = count();
    thread().reply(3);
    expect(await counted).toBe(3);
  };
  await used();
  await timers.pass(59_000);
  await used();
  await timers.pass(59_000);
  expect(thread().ended).toBe(false);
  await timers.pass(1000);
  expect(thread().ended).toBe(true);
  await used();
  expect(threads).toHaveLength(2);
});

describe('without a count goes on', () => {
  test.each([
    ['error', new Error('out of memory')],
    ['exit', 1],
  ])('who waits for a thread that fails (%s); no other is started for half a minute', async (event, what) => {
    const { count, thread, threads, timers, warnings } = counting();
    const waiting = [count(), count()];
    thread().emit(event, what);
    expect(await Promise.all(waiting)).toEqual([undefined, undefined]);
    expect(await count()).toBeUndefined();
    expect(threads).toHaveLength(1);
    await timers.pass(30_000);
    const again = count();
    thread().emit(event, what);
    expect(await again).toBeUndefined();
    expect([threads.length, warnings.length]).toEqual([2, 1]);
  });

  test('who has waited for two seconds; a count that comes later is nobody’s', async () => {
    const { count, thread, timers, warnings } = counting();
    const loading = count('loading');
    await timers.pass(9000);
    thread().reply(1);
    expect(await loading).toBe(1);
    const [slow, behind] = [count('slow'), count('behind')];
    await timers.pass(2000);
    expect([await slow, await behind]).toEqual([undefined, undefined]);
    expect(warnings).toHaveLength(1);
    const next = count('next');
    thread().reply(9);
    expect(thread().asked.map(({ texts }) => texts[0])).toEqual(['loading', 'slow', 'next']);
    thread().reply(4);
    expect(await next).toBe(4);
  });

  test('who has waited for ten seconds for a thread that has counted nothing yet', async () => {
    const { count, timers } = counting();
    const first = count();
    await timers.pass(10_000);
    expect(await first).toBeUndefined();
  });

  test('who has less patience: that the thread is not there yet is no failure', async () => {
    const { counter, thread, timers, warnings } = counting();
    const hasty = counter.count('gpt-4o', ['some'], 200);
    await timers.pass(200);
    expect(await hasty).toBeUndefined();
    thread().reply(1);
    expect(warnings).toEqual([]);
  });

  test('who comes when a megabyte waits already', async () => {
    const { count, thread } = counting();
    const waiting = Array.from({ length: 8 }, () => count('x'.repeat(128 * 1024)));
    expect(await count('y')).toBeUndefined();
    thread().reply(1);
    const last = count('y');
    for (let each = 0; each < 8; each++) thread().reply(1);
    expect(await Promise.all([...waiting, last])).toEqual(Array(9).fill(1));
  });

  test('who comes to a thread that hangs: it is handed nothing more, and replaced in the end', async () => {
    const { count, timers, threads, thread } = counting();
    const asked: Promise<number | undefined>[] = [];
    for (let second = 0; second < 29; second++) {
      asked.push(count(), count());
      await timers.pass(1000);
    }
    expect(thread().asked).toHaveLength(1);
    await timers.pass(1000);
    expect(thread().ended).toBe(true);
    expect(new Set(await Promise.all(asked))).toEqual(new Set([undefined]));
    await timers.pass(30_000);
    const next = count();
    thread().reply(4);
    expect([await next, threads.length]).toEqual([4, 2]);
  });

  test('a text that takes long', async () => {
    const { count, threads } = counting();
    expect(await count('x'.repeat(128 * 1024 + 1))).toBeUndefined();
    expect(threads).toEqual([]);
  });

  test('who waits when the gateway ends', async () => {
    const { count, counter, thread } = counting();
    const waiting = count();
    await counter[Symbol.asyncDispose]();
    expect([await waiting, await count(), thread().ended]).toEqual([undefined, undefined, true]);
  });
});

test('the thread that is shipped counts as the tokenizer does, and can be ended', async () => {
  const warnings: unknown[] = [];
  const logger = { warn: (...entry: unknown[]) => warnings.push(entry) } as never;
  await using counter = new TokenCounter({ timers: new ManualTimers(), logger });
  expect(await counter.count('gpt-4o', ['tokenizer libraries', ''])).toBe(3);
  expect(await counter.count('gpt-3.5-turbo', ['antidisestablishmentarianism'])).toBe(6);
  expect(warnings).toEqual([]);
});
