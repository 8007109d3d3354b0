import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BatchWriter } from './batch-writer.ts';
import type { SpendRecord } from './spend.ts';
import type { Timers } from './timers.ts';

/** A clock that only the test moves. */
class ManualTimers implements Timers {
  #now = 0;
  #waiting: { readonly at: number; readonly work: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(delayMs: number, work: () => void): () => void {
    const entry = { at: this.#now + delayMs, work };
    this.#waiting.push(entry);
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== entry);
    };
  }

  /** Lets time pass; what is due runs in its order, with everything that follows from it. */
  async pass(spanMs: number): Promise<void> {
    const end = this.#now + spanMs;
    for (;;) {
      await settled();
      const due = this.#waiting.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)[0];
      if (due === undefined) break;
      this.#waiting = this.#waiting.filter((other) => other !== due);
      this.#now = due.at;
      due.work();
    }
    this.#now = end;
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const row = (callId: number): SpendRecord => ({ callId: String(callId), spend: 1 }) as unknown as SpendRecord;

function setUp(write: (rows: readonly SpendRecord[]) => Promise<void>, more: object = {}) {
  const timers = new ManualTimers();
  const logged: { readonly message: string; readonly entry: object }[] = [];
  const log = (entry: object, message: string): void => void logged.push({ entry, message });
  const logger = { error: log, warn: log } as never;
  const writer = new BatchWriter({
    write,
    timers,
    logger,
    flushMs: 10_000,
    closeMs: 5000,
    batchRows: 3,
    ...more,
  });
  return { writer, timers, logged };
}

function store() {
  const batches: string[][] = [];
  return {
    batches,
    stored: () => batches.flat(),
    write: async (rows: readonly SpendRecord[]) => void batches.push(rows.map(({ callId }) => callId)),
  };
}

test('rows wait for the flush interval', async () => {
  const { batches, write } = store();
  const { writer, timers } = setUp(write);
  writer.record(row(1));
  await timers.pass(9999);
  expect(batches).toEqual([]);
  await timers.pass(1);
  expect(batches).toEqual([['1']]);
});

test('a full batch does not wait', async () => {
  const { batches, write } = store();
  const { writer, timers } = setUp(write);
  for (const id of [1, 2, 3, 4]) writer.record(row(id));
  await timers.pass(0);
  expect(batches).toEqual([['1', '2', '3']]);
  await timers.pass(10_000);
  expect(batches).toEqual([['1', '2', '3'], ['4']]);
});

describe('while the database is away', () => {
  test('rows are kept in their order and tried again ever more slowly', async () => {
    const { stored, write } = store();
    const attempts: number[] = [];
    let away = true;
    const { writer, timers } = setUp(async (rows) => {
      attempts.push(timers.now());
      if (away) throw new Error('away');
      await write(rows);
    });
    for (const id of [1, 2, 3]) writer.record(row(id));
    await timers.pass(15_000);
    expect(attempts).toEqual([0, 1000, 3000, 7000, 15_000]);
    writer.record(row(4));
    away = false;
    await timers.pass(40_000);
    expect(stored()).toEqual(['1', '2', '3', '4']);
    expect(writer.pending).toBe(0);
  });

  test('the oldest rows are dropped beyond the limit, and the log says how many and what they cost', async () => {
    const { writer, timers, logged } = setUp(() => Promise.reject(new Error('away')), { maxRows: 5 });
    for (let id = 1; id <= 6; id++) {
      writer.record(row(id));
      await timers.pass(0);
    }
    expect(writer.pending).toBe(3);
    expect(logged.at(-1)).toEqual({
      message: expect.stringContaining('dropped'),
      entry: { dropped: 3, spend: 3 },
    });
  });
});

describe('closing', () => {
  test('stores what is left at once', async () => {
    const { stored, write } = store();
    const { writer } = setUp(write);
    for (const id of [1, 2, 3, 4, 5]) writer.record(row(id));
    await writer.close();
    expect(stored()).toEqual(['1', '2', '3', '4', '5']);
  });

  test('gives up at its deadline, and the log says what is lost', async () => {
    const { writer, timers, logged } = setUp(() => new Promise(() => {}));
    writer.record(row(1));
    const closed = writer.close();
    await timers.pass(5000);
    await closed;
    expect(logged.at(-1)?.message).toContain('lost');
  });

  test('tries again until its deadline', async () => {
    const { stored, write } = store();
    let failures = 2;
    const { writer, timers } = setUp(async (rows) => {
      if (failures-- > 0) throw new Error('away');
      await write(rows);
    });
    writer.record(row(1));
    const closed = writer.close();
    await timers.pass(4000);
    await closed;
    expect(stored()).toEqual(['1']);
  });
});

test('whatever fails and when, every row is stored once and in order', async () => {
  const step = fc.oneof(
    fc.record({ rows: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ passMs: fc.integer({ min: 1, max: 20_000 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), fc.array(fc.boolean()), async (steps, outcomes) => {
      const { stored, write } = store();
      let attempt = 0;
      const { writer, timers } = setUp(async (rows) => {
        if (outcomes[attempt++] === false) throw new Error('away');
        await write(rows);
      });
      let recorded = 0;
      for (const taken of steps) {
        if ('passMs' in taken) await timers.pass(taken.passMs);
        else for (let count = 0; count < taken.rows; count++) writer.record(row(++recorded));
      }
      await timers.pass(60_000 * (outcomes.length + 1));
      await writer.close();
      expect(stored()).toEqual(Array.from({ length: recorded }, (_, index) => String(index + 1)));
    }),
    { numRuns: 60 },
  );
});
