import { describe, expect, test } from 'vitest';
import { RowStore, rowCodec, TestLog, type TestRow } from '../../../tests/harness/journal-rows.ts';
import { MemoryDisk } from '../../../tests/harness/memory-disk.ts';
import { discarded, type EntryKind, newEntry } from './entry.ts';
import { FrameBuffer } from './frame.ts';
import { Replay } from './replay.ts';

const DIRECTORY = '/spend/dead';

function setUp() {
  const disk = new MemoryDisk();
  const store = new RowStore();
  const log = new TestLog();
  const replay = new Replay<TestRow>({
    disk,
    codec: rowCodec,
    write: store.write,
    lost: ({ rowId, cost }) => ({ rowId, cost: -cost }),
    logger: log.logger,
    batchRows: 2,
  });
  let segments = 0;
  /** A segment with these entries: kind, id and cost. */
  function segment(...entries: readonly (readonly [EntryKind, string, number])[]): Buffer {
    const frames = new FrameBuffer();
    for (const [kind, rowId, cost] of entries) {
      frames.add(
        (kind === 'discarded' ? discarded(rowId) : newEntry(kind, { rowId, cost }, rowCodec)).payload,
      );
    }
    const bytes = Buffer.concat([frames.bytes, Buffer.alloc(50)]);
    disk.files.set(`${DIRECTORY}/${segments++}.segment`, { cached: bytes, durable: bytes, named: true });
    return bytes;
  }
  return { disk, store, log, replay, segment };
}

test('finished calls are stored as they were, cut-off ones by their last draft, discarded ones not at all', async () => {
  const { replay, segment, store, disk } = setUp();
  segment(['opened', 'a', 9], ['opened', 'b', 9], ['opened', 'c', 9], ['closed', 'a', 1]);
  segment(['progress', 'b', 5], ['opened', 'd', 9], ['discarded', 'd', 0], ['closed', 'e', 2]);
  expect(await replay.run(DIRECTORY)).toEqual({ closed: 2, lost: 2 });
  expect(Object.fromEntries(store.rows)).toEqual({ a: 1, e: 2, b: -5, c: -9 });
  expect(disk.files.size).toBe(0);
});

test('the true cost wins, in whatever order the segments are read', async () => {
  const { replay, segment, store } = setUp();
  segment(['closed', 'a', 1]);
  segment(['opened', 'a', 9]);
  await replay.run(DIRECTORY);
  expect(Object.fromEntries(store.rows)).toEqual({ a: 1 });
});

test('a discarded call has no row, in whatever order the segments are read', async () => {
  const { replay, segment, store } = setUp();
  segment(['opened', 'a', 9], ['discarded', 'a', 0]);
  segment(['opened', 'a', 9]);
  expect(await replay.run(DIRECTORY)).toEqual({ closed: 0, lost: 0 });
  expect(store.batches).toEqual([]);
});

test('a torn segment gives what stands before the tear, the next one all of it, and the log tells', async () => {
  const { replay, segment, store, log } = setUp();
  segment(['closed', 'a', 1], ['closed', 'b', 2]).fill(0x11, 20, 22);
  segment(['closed', 'c', 3]);
  await replay.run(DIRECTORY);
  expect(Object.fromEntries(store.rows)).toEqual({ a: 1, c: 3 });
  expect(log.messages('error').at(0)).toContain('torn');
});

describe('a replay that is cut off', () => {
  test('by the database leaves every segment for the next time', async () => {
    const { replay, segment, store, disk } = setUp();
    segment(['closed', 'a', 1], ['closed', 'b', 1], ['closed', 'c', 1], ['opened', 'd', 1]);
    store.away = true;
    await expect(replay.run(DIRECTORY)).rejects.toThrow('away');
    expect(disk.files.size).toBe(1);
    store.away = false;
    expect(await replay.run(DIRECTORY)).toEqual({ closed: 3, lost: 1 });
  });

  test('by the end of its process stores no batch more', async () => {
    const { replay, segment, store, disk } = setUp();
    segment(['closed', 'a', 1]);
    await expect(replay.run(DIRECTORY, AbortSignal.abort())).rejects.toThrow();
    expect(store.batches).toEqual([]);
    expect(disk.files.size).toBe(1);
  });
});

test('an empty directory has nothing to store', async () => {
  const { replay, store } = setUp();
  expect(await replay.run(DIRECTORY)).toEqual({ closed: 0, lost: 0 });
  expect(store.batches).toEqual([]);
});
