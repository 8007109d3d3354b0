import { expect, test } from 'vitest';
import { readGeometry } from './ext4-geometry.ts';

const TEXT = `Block size:               4096
Inodes per group:         8192
Inode size:	          256

Group 0: (Blocks 0-32767) csum 0x4478 [ITABLE_ZEROED]
  Primary superblock at 0, Group descriptors at 1-1
  Reserved GDT blocks at 2-1008
  Block bitmap at 1009 (+1009), csum 0x4f863dfc
  Inode bitmap at 1025 (+1025), csum 0xf0919ec1
  Inode table at 1041-1552 (+1041)
Group 1: (Blocks 32768-65535) csum 0x0308 [ITABLE_ZEROED]
  Block bitmap at 1010 (bg #0 + 1010), csum 0x4f863dfc
  Inode bitmap at 1026 (bg #0 + 1026), csum 0xf0919ec1
  Inode table at 1553-2064 (bg #0 + 1553)
`;

test('it says where inodes lie, by group, and where the books are', () => {
  const { blockBytes, inodeBytes, inodesPerGroup, inodeTables, books } = readGeometry(TEXT);
  expect([blockBytes, inodeBytes, inodesPerGroup]).toEqual([4096, 256, 8192]);
  expect(inodeTables).toEqual([
    { first: 1041, last: 1552 },
    { first: 1553, last: 2064 },
  ]);
  expect(books.map(({ first }) => first)).toEqual([0, 1, 2, 1009, 1025, 1010, 1026]);
});

test('anything else is refused', () => {
  expect(() => readGeometry('Block size: 4096\n')).toThrow('inode size');
});
