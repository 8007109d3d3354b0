import { statSync } from 'node:fs';
import { join } from 'node:path';
import { artefact, artefactSize } from './artefact.ts';
import { finding, type LooksByRow, NotRun, said } from './look.ts';
import type { Guest } from './subject.ts';
import { meaningful, requiredText } from './tree.ts';

const SECTOR = 512;
/** stat(2) counts what is stored of a file in these, whatever its file system has. */
const STAT_BLOCK = 512;
const GiB = 2 ** 30;
const FIRST_SECTOR = 2048;
/** Behind the partition table's own sectors. */
const GAP_SECTOR = 34;

/** Partition types: Linux file systems, and those that an OS disk must not have. */
const LINUX = ['0FC63DAF-8483-4772-8E79-3D69D8477DE4', '4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709'];
const FORBIDDEN: Readonly<Record<string, string>> = {
  'E6D6D379-F507-44C2-A23C-238F2A3DF928': 'LVM',
  'A19D880F-05FC-4D3B-A006-743F0F84911E': 'RAID',
  '0657FD6D-A4AB-43C4-84E5-0933C84B4F4F': 'swap',
};
const LUKS = Buffer.from('LUKS\xba\xbe', 'latin1');

async function firmwareOf(guest: Guest): Promise<string> {
  const { code } = await guest.run('test -d /sys/firmware/efi');
  return code === 0 ? 'UEFI' : 'BIOS';
}

export const diskRows: LooksByRow = {
  // The reader of the format knows both rows, and says which is not so.
  'DSK-01': { evidence: artefact },
  'DSK-02': { evidence: artefact },
  'DSK-03': { evidence: artefactSize },
  'DSK-04': {
    disk: (disk) => {
      const first = Math.min(...disk.partitions.map(({ start }) => start));
      const gap = disk.read(GAP_SECTOR * SECTOR, (FIRST_SECTOR - GAP_SECTOR) * SECTOR);
      return finding(
        `${disk.label}, ${disk.partitions.length} partitions, the first at sector ${first}`,
        disk.label === 'gpt' ? [] : `the partition table is ${disk.label}`,
        first >= FIRST_SECTOR ? [] : `a partition begins at sector ${first}`,
        gap.some((byte) => byte !== 0)
          ? `there is something in sectors ${GAP_SECTOR} to ${FIRST_SECTOR - 1}`
          : [],
      );
    },
  },
  'DSK-05': {
    disk: ({ partitions }) => {
      const roots = partitions.filter(({ type }) => LINUX.includes(type));
      return finding(
        `${partitions.length} partitions`,
        roots.length === 1 ? [] : `${roots.length} Linux partitions`,
        partitions.flatMap(({ type }) =>
          FORBIDDEN[type] === undefined ? [] : `a partition for ${FORBIDDEN[type]}`,
        ),
      );
    },
  },
  'DSK-06': {
    disk: ({ espFiles }) => {
      const loader = '/EFI/BOOT/BOOTX64.EFI';
      return finding(loader, espFiles.includes(loader) ? [] : `the ESP has no ${loader}`);
    },
    twins: async (guests) => {
      const started = await Promise.all(guests.map(firmwareOf));
      return finding(
        `started by ${started.join(' and ')}`,
        ['BIOS', 'UEFI']
          .filter((kind) => !started.includes(kind))
          .map((kind) => `none was started by ${kind}`),
      );
    },
  },
  'DSK-07': { evidence: artefact },
  'DSK-08': {
    evidence: () => {
      throw new NotRun('no OVA is made');
    },
  },
  'DSK-09': {
    disk: ({ tree }) => {
      const entries = meaningful(requiredText(tree, '/etc/fstab'));
      const named = entries.filter((line) => /^\/dev\/(sd|vd|hd|xvd|nvme)/.test(line));
      return finding(
        `${entries.length} entries`,
        named.map((line) => `fstab names a device: ${line}`),
      );
    },
  },
  'DSK-10': {
    booted: async (guest, { manifest }) => {
      const device = 'lsblk -bdno SIZE "/dev/$(lsblk -no PKNAME "$(findmnt -no SOURCE /)")"';
      const disk = Number(await said(guest, device));
      const root = Number(await said(guest, 'df -B1 --output=size / | tail -n 1'));
      if (!(disk > manifest.image.diskBytes))
        throw new NotRun("the machine's disk is no larger than the image");
      return finding(
        `root of ${(root / GiB).toFixed(1)} GiB on a disk of ${(disk / GiB).toFixed(1)} GiB`,
        root > 0.93 * disk - GiB / 4
          ? []
          : `the root has ${(root / GiB).toFixed(1)} of ${(disk / GiB).toFixed(1)} GiB`,
      );
    },
  },
  'DSK-11': {
    evidence: ({ manifest: { image }, directory }) => {
      const { size, blocks } = statSync(join(directory, image.file));
      // Azure and Amazon take disks of their full size, of which nothing is stored or uploaded where they are empty.
      const bytes = Math.min(size, blocks * STAT_BLOCK);
      const bound = Math.min(2 * GiB, image.diskBytes / 2);
      const sizes = `${(bytes / GiB).toFixed(2)} GiB, at most ${(bound / GiB).toFixed(2)}`;
      return finding(sizes, bytes < bound ? [] : `the artefact has ${sizes}`);
    },
  },
  'DSK-12': {
    disk: (disk) => {
      const encrypted = disk.partitions.filter(({ start }) =>
        disk.read(start * SECTOR, LUKS.length).equals(LUKS),
      );
      return finding(
        `${disk.partitions.length} partitions`,
        encrypted.map(({ start }) => `the partition at sector ${start} is encrypted`),
      );
    },
  },
};
