import { describe, expect, test } from 'vitest';
import { rowCodec, TestLog, type TestRow } from '../../../tests/harness/journal-rows.ts';
import { MemoryDisk } from '../../../tests/harness/memory-disk.ts';
import { Backlog } from './backlog.ts';
import { newEntry } from './entry.ts';
import { FrameBuffer } from './frame.ts';
import type { Segment } from './segment-supply.ts';

const MAX_ROWS = 3;
const MANY_BYTES = 1_000_000;

async function setUp({ maxRows = MAX_ROWS, maxBytes = MANY_BYTES } = {}) {
  const disk = new MemoryDisk();
  const log = new TestLog();
  const backlog = new Backlog<TestRow>({ disk, codec: rowCodec, logger: log.logger, maxRows, maxBytes });
  let segments = 0;

  async function segment(): Promise<Segment> {
    const path = `/j/${segments++}`;
    const made = { path, descriptor: await disk.createFull(path, 1000), end: 0, full: false, open: true };
    backlog.open(made);
    return made;
  }
  /** Writes a closed call's entry, with one of a running call before it, and makes it known. */
  function close(into: Segment, rowId: string): TestRow {
    const row = { rowId, cost: 1 };
    const frames = new FrameBuffer();
    const opened = frames.add(newEntry('opened', { rowId: `${rowId}-other`, cost: 2 }, rowCodec).payload);
    frames.add(newEntry('closed', row, rowCodec).payload);
    disk.write(into.descriptor, frames.bytes, into.end);
    const offset = into.end + opened;
    into.end += frames.length;
    backlog.add(row, { segment: into, offset, bytes: frames.length - opened });
    return row;
  }
  /** Takes everything out, so many rows at a time. */
  async function drain(limit = 2): Promise<string[][]> {
    const batches: string[][] = [];
    for (let batch = await backlog.next(limit); batch !== undefined; batch = await backlog.next(limit)) {
      batches.push(batch.rows.map(({ rowId }) => rowId));
      batch.stored();
    }
    return batches;
  }
  return { backlog, disk, log, segment, close, drain };
}

test('rows leave in their order, and stay until they are said to be stored', async () => {
  const { backlog, segment, close } = await setUp();
  const first = await segment();
  for (const id of ['a', 'b', 'c']) close(first, id);
  const batch = await backlog.next(2);
  expect(batch?.rows.map(({ rowId }) => rowId)).toEqual(['a', 'b']);
  expect((await backlog.next(2))?.rows).toEqual(batch?.rows);
  batch?.stored();
  expect((await backlog.next(2))?.rows.map(({ rowId }) => rowId)).toEqual(['c']);
  expect(backlog.size).toBe(1);
});

test('rows beyond those that memory holds are read from their segments when it is their turn', async () => {
  const { backlog, disk, segment, close, drain } = await setUp();
  const [first, second] = [await segment(), await segment()];
  for (const id of ['a', 'b', 'c', 'd', 'e']) close(first, id);
  for (const id of ['f', 'g']) close(second, id);
  expect(backlog.size).toBe(7);
  expect(disk.done.read).toBe(0);
  expect((await drain()).flat()).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  expect(backlog.size).toBe(0);
  expect(disk.done.read).toBe(2);
});

test('long rows are fewer in memory, and as soon as they are stored there is room for others', async () => {
  const { disk, segment, close, drain } = await setUp({ maxRows: 1000, maxBytes: 100 });
  const first = await segment();
  const ids = Array.from({ length: 9 }, (_, index) => `row-${index}`);
  for (const id of ids) close(first, id);
  expect(disk.done.read).toBe(0);
  expect((await drain(100)).flat()).toEqual(ids);
  expect(disk.done.read).toBe(1);
  close(first, 'later');
  expect((await drain()).flat()).toEqual(['later']);
  expect(disk.done.read).toBe(1);
});

test('rows that come while their segment is read are not forgotten', async () => {
  const { backlog, segment, close, drain } = await setUp();
  const first = await segment();
  for (const id of ['a', 'b', 'c', 'd']) close(first, id);
  (await backlog.next(3))?.stored();
  const reading = backlog.next(3);
  close(first, 'e');
  expect((await reading)?.rows.map(({ rowId }) => rowId)).toContain('d');
  expect((await drain()).flat()).toEqual(['d', 'e']);
  expect(backlog.size).toBe(0);
});

describe('a row that the disk did not take', () => {
  test('leaves before the others', async () => {
    const { backlog, segment, close, drain } = await setUp();
    close(await segment(), 'a');
    backlog.addUnwritten({ rowId: 'b', cost: 1 });
    expect(backlog.unwritten).toBe(1);
    expect(await drain()).toEqual([['b'], ['a']]);
  });

  test('is one of the others once it was written', async () => {
    const { backlog, segment, close } = await setUp();
    const first = await segment();
    const row = close(first, 'a');
    (await backlog.next(1))?.stored();
    backlog.addUnwritten(row);
    backlog.add(row, { segment: first, offset: 0, bytes: 1 });
    expect([backlog.size, backlog.unwritten]).toEqual([1, 0]);
  });
});

test('a damaged segment costs the rows behind the damage, and the log says how many', async () => {
  const { backlog, disk, segment, close, drain, log } = await setUp();
  const first = await segment();
  for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) close(first, id);
  disk.files.get(first.path)?.cached.fill(0x55, first.end - 3, first.end);
  expect((await drain()).flat()).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(backlog.size).toBe(0);
  expect(log.lines).toMatchObject([{ level: 'error', entry: { lost: 1 } }]);
});

test('a segment is drained when no row of it waits, nor of one before it', async () => {
  const { backlog, segment, close, drain } = await setUp();
  const [first, second, third] = [await segment(), await segment(), await segment()];
  close(second, 'a');
  expect(backlog.drained()).toEqual([first]);
  await drain();
  expect(backlog.drained()).toEqual([first, second, third]);
  backlog.forget(first);
  expect(backlog.drained()).toEqual([second, third]);
});
