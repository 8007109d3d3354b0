import { expect, test } from 'vitest';
import { TestLog } from '../../../tests/harness/journal-rows.ts';
import { MemoryDisk } from '../../../tests/harness/memory-disk.ts';
import { Space } from './space.ts';

function setUp() {
  const disk = new MemoryDisk();
  const log = new TestLog();
  return { disk, log, space: new Space({ directory: '/j', disk, logger: log.logger, leastBytes: 100 }) };
}

test('there is enough down to the least, and the log tells of each change once', async () => {
  const { disk, log, space } = setUp();
  const seen: boolean[] = [];
  for (const free of [100, 99, 0, 100]) {
    disk.free = free;
    await space.look();
    seen.push(space.enough);
  }
  expect(seen).toEqual([true, false, false, true]);
  expect(log.lines.map(({ level }) => level)).toEqual(['error', 'warn']);
});

test('what cannot be looked at is full', async () => {
  const { disk, log, space } = setUp();
  disk.failing.add('free');
  await space.look();
  await space.look();
  expect(space.enough).toBe(false);
  expect(log.messages('error')).toHaveLength(1);
});
