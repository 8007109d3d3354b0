import { expect, test } from 'vitest';
import { linuxPartitions } from './read-tree.ts';

const linux = '0FC63DAF-8483-4772-8E79-3D69D8477DE4';
const root = { start: 2099200, size: 6000000, type: linux };
const esp = { start: 10240, size: 9000000, type: 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B' };
const table = (...partitions: (typeof root)[]) => ({ partitiontable: { partitions } });

test('the root is the largest Linux partition, whatever else is larger', () => {
  expect(linuxPartitions(table(esp, root))).toEqual({ root, boot: undefined });
});

test.each([linux, 'BC13C2FF-59E6-4262-A352-B275FD6F7172'])(
  'a separate /boot of type %s is told from the root',
  (type) => {
    const boot = { start: 227328, size: 1800000, type };
    expect(linuxPartitions(table(boot, esp, root))).toEqual({ root, boot });
  },
);

test('a disk without a Linux partition is refused', () => {
  expect(() => linuxPartitions(table(esp))).toThrow('no Linux partition');
});
