import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RowStore, rowCodec, TestLog, type TestRow } from '../../../tests/harness/journal-rows.ts';
import { ManualTimers } from '../../../tests/harness/manual-timers.ts';
import { MemoryDisk } from '../../../tests/harness/memory-disk.ts';
import { Backlog } from './backlog.ts';
import { RowWriter } from './row-writer.ts';

const segment = { path: '/j/0', descriptor: 0, end: 0, full: false, open: true };

function setUp(write: (rows: readonly TestRow[]) => Promise<void>) {
  const timers = new ManualTimers();
  const log = new TestLog();
  const backlog = new Backlog<TestRow>({
    disk: new MemoryDisk(),
    codec: rowCodec,
    logger: log.logger,
    maxRows: 1000,
    maxBytes: 1_000_000,
  });
  backlog.open(segment);
  const writer = new RowWriter({
    backlog,
    write,
    stored: () => undefined,
    timers,
    logger: log.logger,
    flushMs: 10_000,
    batchRows: 3,
  });
  const record = (...ids: number[]): void => {
    for (const id of ids) {
      backlog.add({ rowId: String(id), cost: 1 }, { segment, offset: 0, bytes: 1 });
      writer.wake();
    }
  };
  return { writer, backlog, timers, log, record };
}

test('rows wait for the flush interval', async () => {
  const { batches, write } = new RowStore();
  const { record, timers } = setUp(write);
  record(1);
  await timers.pass(9999);
  expect(batches).toEqual([]);
  await timers.pass(1);
  expect(batches).toEqual([['1']]);
});

test('a full batch does not wait', async () => {
  const { batches, write } = new RowStore();
  const { record, timers } = setUp(write);
  record(1, 2, 3, 4);
  await timers.pass(0);
  expect(batches).toEqual([['1', '2', '3']]);
  await timers.pass(10_000);
  expect(batches).toEqual([['1', '2', '3'], ['4']]);
});

test('while the database is away, rows are kept in their order and tried again ever more slowly', async () => {
  const { batches, write } = new RowStore();
  const attempts: number[] = [];
  let away = true;
  const { record, timers, backlog } = setUp(async (rows) => {
    attempts.push(timers.now());
    if (away) throw new Error('away');
    await write(rows);
  });
  record(1, 2, 3);
  await timers.pass(15_000);
  expect(attempts).toEqual([0, 1000, 3000, 7000, 15_000]);
  record(4);
  away = false;
  await timers.pass(40_000);
  expect(batches.flat()).toEqual(['1', '2', '3', '4']);
  expect(backlog.size).toBe(0);
});

describe('closing', () => {
  test('stores what is left at once', async () => {
    const { batches, write } = new RowStore();
    const { writer, record } = setUp(write);
    record(1, 2, 3, 4, 5);
    await writer.close(5000);
    expect(batches.flat()).toEqual(['1', '2', '3', '4', '5']);
  });

  test('gives up at its deadline, and what is left stays', async () => {
    const { writer, timers, record, backlog } = setUp(() => new Promise(() => {}));
    record(1);
    const closed = writer.close(5000);
    await timers.pass(5000);
    await closed;
    expect(backlog.size).toBe(1);
  });

  test('is the end: rows that come later stay', async () => {
    const { batches, write } = new RowStore();
    const { writer, timers, record, backlog } = setUp(write);
    await writer.close(5000);
    record(1, 2, 3);
    await timers.pass(60_000);
    expect(batches).toEqual([]);
    expect(backlog.size).toBe(3);
  });

  test('leaves no timer behind, also where it waited for the database to come back', async () => {
    const { writer, timers, record } = setUp(async () => {
      throw new Error('away');
    });
    record(1);
    const closed = writer.close(4000);
    await timers.pass(4000);
    await closed;
    expect(timers.waiting).toBe(0);
  });

  test('is the end: a batch that fails behind it is not tried again', async () => {
    const answer = Promise.withResolvers<void>();
    let attempts = 0;
    const { writer, timers, record } = setUp(() => {
      attempts++;
      return answer.promise;
    });
    record(1);
    const closed = writer.close(5000);
    await timers.pass(5000);
    await closed;
    answer.reject(new Error('away'));
    await timers.pass(60_000);
    expect(attempts).toBe(1);
  });

  test('tries again until its deadline', async () => {
    const { batches, write } = new RowStore();
    let failures = 2;
    const { writer, timers, record } = setUp(async (rows) => {
      if (failures-- > 0) throw new Error('away');
      await write(rows);
    });
    record(1);
    const closed = writer.close(5000);
    await timers.pass(4000);
    await closed;
    expect(batches.flat()).toEqual(['1']);
  });
});

test('whatever fails and when, every row is stored once and in order', async () => {
  const step = fc.oneof(
    fc.record({ rows: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ passMs: fc.integer({ min: 1, max: 20_000 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), fc.array(fc.boolean()), async (steps, outcomes) => {
      const { batches, write } = new RowStore();
      let attempt = 0;
      const { writer, timers, record } = setUp(async (rows) => {
        if (outcomes[attempt++] === false) throw new Error('away');
        await write(rows);
      });
      let recorded = 0;
      for (const taken of steps) {
        if ('passMs' in taken) await timers.pass(taken.passMs);
        else for (let count = 0; count < taken.rows; count++) record(++recorded);
      }
      await timers.pass(60_000 * (outcomes.length + 1));
      await writer.close(5000);
      expect(batches.flat()).toEqual(Array.from({ length: recorded }, (_, index) => String(index + 1)));
    }),
    { numRuns: 60 },
  );
});
