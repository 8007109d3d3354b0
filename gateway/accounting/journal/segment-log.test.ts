import { describe, expect, test } from 'vitest';
import { TestLog } from '../../../tests/harness/journal-rows.ts';
import { ManualTimers } from '../../../tests/harness/manual-timers.ts';
import { MemoryDisk } from '../../../tests/harness/memory-disk.ts';
import { readFrames } from './frame.ts';
import { SegmentLog } from './segment-log.ts';
import { firstSegment } from './segment-supply.ts';

const SYNC_MS = 40;

interface Line {
  readonly payload: string;
}

async function setUp({ segmentBytes = 100 } = {}) {
  const disk = new MemoryDisk();
  const timers = new ManualTimers();
  const log = new TestLog();
  const deferred: (() => void)[] = [];
  const began: number[] = [];
  const written: string[] = [];
  const delayed: string[] = [];
  const first = await firstSegment(disk, '/j', segmentBytes);
  const segments = new SegmentLog<Line>(
    {
      directory: '/j',
      disk,
      timers,
      logger: log.logger,
      segmentBytes,
      syncMs: SYNC_MS,
      defer: (work) => void deferred.push(work),
      began: ({ path }) => void began.push(Number.parseInt(path.slice(3), 10)),
      written: ({ payload }, { path }, offset) =>
        void written.push(`${payload} ${Number.parseInt(path.slice(3), 10)}:${offset}`),
      delayed: ({ payload }) => void delayed.push(payload),
    },
    first,
  );
  await timers.pass(0);
  const endTurn = (): void => {
    for (const work of deferred.splice(0)) work();
  };
  const append = (...payloads: string[]): void => {
    for (const payload of payloads) segments.append({ payload });
  };
  /** Everything that was written, by the order of the files; what had to be written again stands there once. */
  const held = async (): Promise<string[]> => {
    const paths = await disk.segments('/j');
    const payloads = paths.flatMap(
      (path) => readFrames(disk.files.get(path)?.cached ?? Buffer.alloc(0)).payloads,
    );
    return [...new Set(payloads)];
  };
  return { disk, timers, log, segments, began, written, delayed, append, endTurn, held };
}

/** As long as it must be for two to fit a segment of 100 bytes, and no third. */
const long = (letter: string): string => letter.repeat(35);

describe('entries', () => {
  test('of one turn are written in one piece at its end, before what was deferred after them', async () => {
    const { append, endTurn, disk, written } = await setUp();
    append('a', 'b');
    expect(disk.done.write).toBe(0);
    endTurn();
    append('c');
    endTurn();
    expect(disk.done.write).toBe(2);
    expect(written).toEqual(['a 0:0', 'b 0:9', 'c 0:18']);
  });

  test('go into the spare when the segment is full, and another spare is made', async () => {
    const { append, endTurn, began, written, timers, held, disk } = await setUp();
    append(long('a'), long('b'), long('c'), long('d'));
    endTurn();
    await timers.pass(0);
    append(long('e'));
    endTurn();
    expect(written.map((line) => line.slice(-4))).toEqual([' 0:0', '0:43', ' 1:0', '1:43', ' 2:0']);
    await timers.pass(SYNC_MS);
    expect(await held()).toEqual(['a', 'b', 'c', 'd', 'e'].map(long));
    expect(began).toEqual([0, 1, 2]);
    expect(disk.files.size).toBe(4);
  });

  test('do not wait for a spare that a slow disk has not made: they go into a file that grows', async () => {
    const { append, endTurn, held, disk, segments, timers } = await setUp();
    const slow = Promise.withResolvers<void>();
    disk.gate = slow.promise;
    append(long('a'), long('b'), long('c'), long('d'), long('e'), long('f'), long('g'));
    endTurn();
    expect(segments.healthy).toBe(true);
    expect(await held()).toHaveLength(7);
    slow.resolve();
    await timers.pass(SYNC_MS);
    disk.cutPower();
    expect(await held()).toHaveLength(7);
  });

  test('larger than a segment get one of their own', async () => {
    const { append, endTurn, held, timers } = await setUp();
    append('a', 'x'.repeat(500), 'b');
    endTurn();
    await timers.pass(0);
    expect(await held()).toEqual(['a', 'x'.repeat(500), 'b']);
  });
});

describe('syncing', () => {
  test('begins 40 ms after the first byte that is not synced, and what was synced survives a power cut', async () => {
    const { append, endTurn, timers, disk, held } = await setUp();
    append('a');
    endTurn();
    await timers.pass(SYNC_MS - 1);
    expect(disk.done.sync).toBe(0);
    append('b');
    endTurn();
    await timers.pass(1);
    expect(disk.done.sync).toBe(1);
    append('c');
    endTurn();
    disk.cutPower();
    expect(await held()).toEqual(['a', 'b']);
  });

  test('happens once at a time, and again for what came meanwhile', async () => {
    const { append, endTurn, timers, disk } = await setUp();
    const slow = Promise.withResolvers<void>();
    disk.gate = slow.promise;
    append('a');
    endTurn();
    await timers.pass(SYNC_MS);
    append('b');
    endTurn();
    await timers.pass(10 * SYNC_MS);
    expect(disk.done.sync).toBe(0);
    slow.resolve();
    await timers.pass(0);
    expect(disk.done.sync).toBe(1);
    await timers.pass(SYNC_MS);
    expect(disk.done.sync).toBe(2);
  });

  test('stops when nothing is written', async () => {
    const { append, endTurn, timers, disk } = await setUp();
    append('a');
    endTurn();
    await timers.pass(100 * SYNC_MS);
    expect(disk.done.sync).toBe(1);
  });

  test('that fails has everything since the last good one written again, in its order, into the next segment', async () => {
    const { append, endTurn, timers, disk, held, segments, log } = await setUp();
    append('a');
    endTurn();
    await timers.pass(SYNC_MS);
    append('b', 'c');
    endTurn();
    disk.failing.add('sync');
    await timers.pass(SYNC_MS);
    expect(segments.healthy).toBe(false);
    disk.failing.clear();
    append('d');
    await timers.pass(1000 + SYNC_MS);
    expect(segments.healthy).toBe(true);
    disk.cutPower();
    expect(await held()).toEqual(['a', 'b', 'c', 'd']);
    expect(log.messages('error')).toHaveLength(1);
  });
});

describe('a disk that takes nothing', () => {
  test('costs no entry: they are kept and written in their order when it does again', async () => {
    const { append, endTurn, timers, disk, held, segments, delayed, log } = await setUp();
    disk.failing.add('write');
    append('a', 'b');
    endTurn();
    expect(segments.healthy).toBe(false);
    append('c');
    await timers.pass(5000);
    expect(new Set(delayed)).toEqual(new Set(['a', 'b', 'c']));
    expect(segments.waiting).toBe(3);
    disk.failing.clear();
    await timers.pass(1000);
    expect(segments.healthy).toBe(true);
    expect(await held()).toEqual(['a', 'b', 'c']);
    expect(log.messages('error')).toEqual([expect.stringContaining('cannot be written')]);
    expect(log.messages('warn').at(-1)).toContain('written again');
  });

  test('has the ones on their way written into the spare, and is noticed by the next spare', async () => {
    const { append, endTurn, timers, disk, held, segments } = await setUp();
    disk.failing.add('create');
    append(long('a'), long('b'), long('c'));
    endTurn();
    expect(await held()).toHaveLength(3);
    await timers.pass(0);
    expect(segments.healthy).toBe(false);
    append(long('d'), long('e'));
    endTurn();
    expect(await held()).toHaveLength(4);
    expect(segments.waiting).toBe(1);
    disk.failing.clear();
    await timers.pass(1000);
    expect(await held()).toHaveLength(5);
    expect(segments.healthy).toBe(true);
  });

  test('gets a last attempt when the log is closed', async () => {
    const { append, endTurn, disk, held, segments } = await setUp();
    disk.failing.add('write');
    append('a');
    endTurn();
    disk.failing.clear();
    await segments.close();
    disk.cutPower();
    expect(await held()).toEqual(['a']);
  });
});

test('descriptors of full segments are closed behind their sync, all others with the log', async () => {
  const { append, endTurn, timers, disk, segments } = await setUp();
  append(...Array.from({ length: 21 }, (_, index) => long(String.fromCharCode(97 + index))));
  endTurn();
  await timers.pass(10 * SYNC_MS);
  expect(disk.openDescriptors).toBe(2);
  await segments.close();
  expect(disk.openDescriptors).toBe(0);
});
