import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { $ } from 'zx';
import { openDisk } from './open-disk.ts';

const work = mkdtempSync(join(tmpdir(), 'disk-'));
afterAll(() => rmSync(work, { recursive: true }));
const shell = $({ quiet: true });

const SECTORS = 96 * 2048;
const TABLE = `label: gpt
unit: sectors
15 : start=2048, size=81920, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B
1 : start=83968, size=100000, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709
`;

/** A disk of 96 MiB with a small system: a set-user-id program, an owner, a link, an EFI loader. */
async function makeDisk(): Promise<string> {
  const tree = join(work, 'source');
  mkdirSync(join(tree, 'usr/bin'), { recursive: true });
  mkdirSync(join(tree, 'etc'));
  mkdirSync(join(tree, 'tmp'));
  chmodSync(join(tree, 'tmp'), 0o1777);
  writeFileSync(join(tree, 'usr/bin/su do'), 'program', { mode: 0o755 });
  chmodSync(join(tree, 'usr/bin/su do'), 0o4755);
  writeFileSync(join(tree, 'etc/secret'), 'text', { mode: 0o640 });
  chownSync(join(tree, 'etc/secret'), 0, 42);
  symlinkSync('/usr/bin', join(tree, 'bin'));
  const raw = join(work, 'source.raw');
  await shell`truncate -s ${SECTORS * 512} ${raw}`;
  await shell({ input: TABLE })`sfdisk --quiet ${raw}`;
  await shell`mke2fs -q -t ext4 -F -d ${tree} -E ${`offset=${83968 * 512}`} ${raw} 50000k`;
  await shell`mkfs.vfat -F 32 -s 1 --offset 2048 ${raw} 40960`;
  writeFileSync(join(work, 'loader'), 'MZ');
  await shell`mmd -i ${`${raw}@@${2048 * 512}`} ::/EFI ::/EFI/Boot`;
  await shell`mcopy -i ${`${raw}@@${2048 * 512}`} ${join(work, 'loader')} ::/EFI/Boot/bootx64.efi`;
  const image = join(work, 'image.qcow2');
  await shell`qemu-img convert -f raw -O qcow2 ${raw} ${image}`;
  return image;
}

test('a disk is read without being mounted: files, owners, modes, links, the ESP and the raw bytes', async () => {
  const image = await makeDisk();
  const place = join(work, 'open');
  {
    using disk = await openDisk(shell, { image, target: 'qemu' }, place);
    expect(disk.label).toBe('gpt');
    expect(disk.partitions.map(({ start }) => start)).toEqual([83968, 2048]);
    expect(disk.espFiles).toContain('/EFI/BOOT/BOOTX64.EFI');
    expect(disk.read(512, 8).toString()).toBe('EFI PART');
    const stat = (path: string) => lstatSync(join(disk.tree, path));
    expect(stat('usr/bin/su do').mode & 0o7777).toBe(0o4755);
    expect(stat('tmp').mode & 0o7777).toBe(0o1777);
    expect(stat('etc/secret')).toMatchObject({ uid: 0, gid: 42 });
    expect(stat('etc/secret').mode & 0o7777).toBe(0o640);
    expect(readFileSync(join(disk.tree, 'etc/secret'), 'utf8')).toBe('text');
    expect(stat('bin').isSymbolicLink()).toBe(true);
  }
  expect(lstatSync(place, { throwIfNoEntry: false })).toBeUndefined();
});

test('a disk without a Linux system is refused', async () => {
  const raw = join(work, 'empty.raw');
  await shell`truncate -s 8M ${raw}`;
  await shell({
    input: 'label: gpt\nstart=2048, size=4096, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B\n',
  })`sfdisk --quiet ${raw}`;
  await shell`qemu-img convert -f raw -O qcow2 ${raw} ${join(work, 'empty.qcow2')}`;
  await expect(
    openDisk(shell, { image: join(work, 'empty.qcow2'), target: 'qemu' }, join(work, 'open')),
  ).rejects.toThrow('no Linux partition');
});
