import { expect, test } from 'vitest';
import { rootPartition } from './read-tree.ts';

const linux = '0FC63DAF-8483-4772-8E79-3D69D8477DE4';
const table = (...partitions: { node: string; start: number; size: number; type: string }[]) => ({
  partitiontable: { partitions },
});

test('the root is the largest Linux partition, not /boot and not the ESP', () => {
  const root = { node: 'disk1', start: 2099200, size: 6000000, type: linux };
  const boot = { node: 'disk16', start: 227328, size: 1800000, type: linux };
  const esp = { node: 'disk15', start: 10240, size: 9000000, type: 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B' };
  expect(rootPartition(table(boot, esp, root))).toBe(root);
});

test('a disk without a Linux partition is refused', () => {
  expect(() => rootPartition(table())).toThrow('no Linux partition');
});
