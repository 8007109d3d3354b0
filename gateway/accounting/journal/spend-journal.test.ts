import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RowStore, rowCodec, TestLog, type TestRow } from '../../../tests/harness/journal-rows.ts';
import { ManualTimers } from '../../../tests/harness/manual-timers.ts';
import { type Disk, realDisk } from './disk.ts';
import { SpendJournal } from './spend-journal.ts';

const MIB = 1024 * 1024;
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'spend-journal-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** The machine's own disk, except for what the test takes over. */
async function setUp(taken: Partial<Disk> = {}) {
  const timers = new ManualTimers();
  const log = new TestLog();
  const store = new RowStore();
  const processId = randomUUID();
  const journal = await SpendJournal.open<TestRow>({
    stateDirectory: root,
    processId,
    codec: rowCodec,
    write: store.write,
    lost: (row) => row,
    timers,
    logger: log.logger,
    flushMs: 1000,
    closeMs: 1000,
    disk: { ...realDisk, ...taken },
    segmentBytes: 64 * 1024,
  });
  return { journal, timers, log, store, processId, directory: join(root, processId) };
}

test('each process has a directory that is its own, with segments full of zeros', async () => {
  const { journal, directory } = await setUp();
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  await expect.poll(() => readdirSync(directory).filter((name) => name.endsWith('.segment')).length).toBe(2);
  expect(statSync(join(directory, '00000000.segment')).size).toBe(64 * 1024);
  expect(statSync(join(directory, '00000000.segment')).mode & 0o777).toBe(0o600);
  await journal.close();
});

test('what is taken is in the file before anything that is deferred after it', async () => {
  const { journal, directory } = await setUp();
  const file = () => realDisk.read(join(directory, '00000000.segment')).then((bytes) => bytes.toString());
  journal.begin({ rowId: 'opened', cost: 1 });
  journal.finish({ rowId: 'closed', cost: 1 });
  let read: Promise<string> | undefined;
  setImmediate(() => {
    read = file();
  });
  await nextTurn();
  expect(await read).toContain('opened');
  expect(await read).toContain('closed');
  await journal.close();
});

test('closing stores the rows and leaves nothing behind', async () => {
  const { journal, store } = await setUp();
  journal.begin({ rowId: 'a', cost: 9 });
  journal.finish({ rowId: 'a', cost: 1 });
  await nextTurn();
  await journal.close();
  expect([...store.rows]).toEqual([['a', 1]]);
  expect(readdirSync(root)).toEqual([]);
});

test('rows that the database did not take are stored by the next process', async () => {
  const { journal, store, timers } = await setUp();
  store.away = true;
  journal.finish({ rowId: 'a', cost: 1 });
  await nextTurn();
  const closed = journal.close();
  await timers.pass(1000);
  await closed;
  const next = await setUp();
  await expect.poll(() => [...next.store.rows]).toEqual([['a', 1]]);
  await next.journal.close();
});

describe('calls are refused', () => {
  test('while free space is low', async () => {
    let free = 100 * MIB;
    const { journal, timers } = await setUp({ freeBytes: async () => free });
    expect(journal.accepting()).toBe(true);
    free = 71 * MIB;
    await timers.pass(1000);
    expect(journal.accepting()).toBe(false);
    free = 73 * MIB;
    await timers.pass(1000);
    expect(journal.accepting()).toBe(true);
    await journal.close();
  });

  test('while no segment can be made, and those that run are written into the one that is there', async () => {
    let full = false;
    let made = 0;
    const noSpace = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    const { journal, timers, directory } = await setUp({
      async createFull(path, bytes) {
        if (full) throw noSpace;
        const descriptor = await realDisk.createFull(path, bytes);
        made++;
        return descriptor;
      },
    });
    await expect.poll(() => made).toBe(2);
    await nextTurn();
    full = true;
    for (let call = 0; call < 1500; call++)
      journal.finish({ rowId: `call-${call}-${'x'.repeat(40)}`, cost: 1 });
    await nextTurn();
    await timers.pass(0);
    expect(journal.accepting()).toBe(false);
    const bytes = await realDisk.read(join(directory, '00000001.segment'));
    expect(bytes.toString()).toContain('call-1499-');
    full = false;
    await timers.pass(1000);
    await expect.poll(() => journal.accepting()).toBe(true);
    await journal.close();
  });
});

test('a place that takes no files is an error when it is opened', async () => {
  writeFileSync(join(root, 'file'), '');
  const open = SpendJournal.open<TestRow>({
    stateDirectory: join(root, 'file'),
    processId: randomUUID(),
    codec: rowCodec,
    write: async () => undefined,
    lost: (row) => row,
    timers: new ManualTimers(),
    logger: new TestLog().logger,
    flushMs: 1,
    closeMs: 1,
  });
  await expect(open).rejects.toThrow(/ENOTDIR|EEXIST/);
});
