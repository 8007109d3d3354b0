import { lstatSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { finding, type LooksByRow, lines, NotRun, said } from './look.ts';
import { type Disk, type Guest, type Subject, usesBuildMirror } from './subject.ts';
import { meaningful, namesIn, requiredText, settings } from './tree.ts';
import { fixedVhd } from './vhd.ts';

const SECTOR = 512;
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

/** Drivers that a target needs to find its root, and those that it can load later. */
const drivers: Readonly<
  Record<string, { readonly root: readonly string[]; readonly later: readonly string[] }>
> = {
  qemu: { root: ['virtio_blk', 'virtio_scsi'], later: ['virtio_net'] },
  azure: { root: ['hv_vmbus', 'hv_storvsc', 'nvme'], later: ['hv_netvsc'] },
  aws: { root: ['nvme'], later: ['ena'] },
  gcp: { root: ['virtio_scsi', 'nvme'], later: ['virtio_net', 'gve'] },
};

function kernelLines(disk: Disk): string[] {
  const found = meaningful(requiredText(disk.tree, '/boot/grub/grub.cfg')).filter((line) =>
    /^linux(16|efi)?\s/.test(line),
  );
  if (found.length === 0) throw new NotRun('grub.cfg boots no kernel');
  return found;
}

/** A row about the kernel's command line: on the disk each that GRUB offers, in the machine the one it runs with. */
function commandLine(faultsOf: (commandLine: string) => string[]): LooksByRow[string] {
  return {
    disk: (disk) => {
      const found = kernelLines(disk);
      return finding(`${found.length} kernel lines`, found.flatMap(faultsOf));
    },
    booted: async (guest) => {
      const running = await said(guest, 'cat /proc/cmdline');
      return finding(running, faultsOf(running));
    },
  };
}

function lacks(words: readonly string[], commandLine: string): string[] {
  const present = commandLine.split(/\s+/);
  return words
    .filter((word) => !present.some((found) => found === word || found.startsWith(`${word},`)))
    .map((word) => `${word} is missing in: ${commandLine}`);
}

function has(words: readonly string[], commandLine: string): string[] {
  const present = commandLine.split(/\s+/);
  return words.filter((word) => present.includes(word)).map((word) => `${word} is in: ${commandLine}`);
}

async function firmwareOf(guest: Guest): Promise<string> {
  const { code } = await guest.run('test -d /sys/firmware/efi');
  return code === 0 ? 'UEFI' : 'BIOS';
}

async function driversOf(guest: Guest, { target }: Subject) {
  const wanted = drivers[target];
  if (wanted === undefined) throw new NotRun(`nothing says which drivers ${target} needs`);
  const initramfs = await said(guest, 'lsinitramfs "/boot/initrd.img-$(uname -r)"');
  const builtIn = await said(guest, 'cat "/lib/modules/$(uname -r)/modules.builtin"');
  const holds = (text: string, name: string): boolean =>
    new RegExp(`/${name.replaceAll('_', '[_-]')}\\.ko`).test(text);
  const missing = wanted.root.filter((name) => !holds(initramfs, name) && !holds(builtIn, name));
  const unknown: string[] = [];
  for (const name of wanted.later) {
    if ((await guest.run(`modinfo -n ${name}`)).code !== 0) unknown.push(name);
  }
  return finding(
    `${wanted.root.join(', ')} at boot; ${wanted.later.join(', ')}`,
    missing.map((name) => `${name} is not in the initramfs`),
    unknown.map((name) => `the kernel has no ${name}`),
  );
}

/** Lines of modprobe.d that keep a module from being loaded. */
function barred(disk: Disk, module: string): string[] {
  const bars = new RegExp(`^(blacklist\\s+${module}|install\\s+${module}\\s+\\S*(true|false))\\s*$`);
  return ['/etc/modprobe.d', '/usr/lib/modprobe.d'].flatMap((directory) =>
    namesIn(disk.tree, directory).flatMap((name) =>
      settings(disk.tree, `${directory}/${name}`)
        .filter((line) => bars.test(line))
        .map((line) => `${directory}/${name}: ${line}`),
    ),
  );
}

export const diskAndBoot: LooksByRow = {
  'DSK-01': { evidence: (subject) => fixedVhd(subject).isFixed },
  'DSK-02': { evidence: (subject) => fixedVhd(subject).hasWholeMebibytes },
  'DSK-03': { evidence: (subject) => fixedVhd(subject).hasFittingSize },
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
  'DSK-07': { evidence: () => noArtefact('disk.raw in a tar.gz') },
  'DSK-08': { evidence: () => noArtefact('OVA') },
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
      const bytes = statSync(join(directory, image.file)).size;
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
  'KRN-01': commandLine((line) => lacks(['console=ttyS0'], line)),
  'KRN-02': commandLine((line) => lacks(['earlyprintk=ttyS0', 'rootdelay=300'], line)),
  'KRN-03': commandLine((line) =>
    has(['quiet', 'splash', 'rhgb', 'libata.atapi_enabled=0', 'reserve=0x1f0,0x8', 'crashkernel=auto'], line),
  ),
  'KRN-04': { booted: driversOf },
  'KRN-05': {
    disk: (disk, { target }) => {
      const wanted = target === 'azure' ? ['vfat', 'udf'] : ['vfat'];
      return finding(
        wanted.join(', '),
        wanted.flatMap((module) => barred(disk, module)),
      );
    },
  },
  'KRN-06': {
    disk: async ({ tree }, subject) => {
      const kernels = namesIn(tree, '/boot').filter((name) => name.startsWith('vmlinuz-'));
      const rehearsed = usesBuildMirror(subject.manifest);
      const newer = rehearsed ? [] : (await pending(subject)).filter((line) => line.includes('linux-image'));
      return finding(
        `${kernels.join(', ')}${rehearsed ? " (a rehearsal image: the archive's newest is not asked)" : ''}`,
        kernels.length === 1 || kernels.length === 2 ? [] : `${kernels.length} kernels are installed`,
        newer.map((line) => `there is a newer kernel: ${line}`),
      );
    },
  },
  'SWP-01': {
    disk: ({ tree }) => {
      const entries = meaningful(requiredText(tree, '/etc/fstab')).filter((line) => /\sswap\s/.test(line));
      const files = ['/swapfile', '/swap.img'].filter((path) =>
        lstatSync(join(tree, path), { throwIfNoEntry: false }),
      );
      return finding(
        'fstab and swap files',
        entries.map((line) => `fstab: ${line}`),
        files.map((path) => `${path} is there`),
      );
    },
    booted: async (guest) => {
      const swaps = (await lines(guest, 'cat /proc/swaps')).slice(1);
      return finding(
        '/proc/swaps',
        swaps.map((line) => `swap is on: ${line}`),
      );
    },
  },
  'NET-01': {
    disk: ({ tree }) => {
      const files = ['/etc/netplan', '/etc/systemd/network', '/etc/network/interfaces.d'].flatMap(
        (directory) => namesIn(tree, directory).map((name) => `${directory}/${name}`),
      );
      const bound = /macaddress|HWADDR|MACAddress=|addresses:|^Address=|iface\s+\S+\s+inet6?\s+static/i;
      const rules = namesIn(tree, '/etc/udev/rules.d').filter((name) => name.includes('persistent-net'));
      return finding(
        `${files.length} network files`,
        files.flatMap((path) =>
          settings(tree, path)
            .filter((line) => bound.test(line))
            .map((line) => `${path}: ${line}`),
        ),
        rules.map((name) => `/etc/udev/rules.d/${name} is there`),
      );
    },
  },
  'NET-02': {
    disk: ({ tree }) => {
      const apt = namesIn(tree, '/etc/apt/apt.conf.d').map((name) => `/etc/apt/apt.conf.d/${name}`);
      const proxies = [...apt, '/etc/environment', '/etc/apt/apt.conf'].flatMap((path) =>
        settings(tree, path)
          .filter((line) => /\bproxy\b|_proxy=/i.test(line) && !line.startsWith('//'))
          .map((line) => `${path}: ${line}`),
      );
      const link = lstatSync(join(tree, '/etc/resolv.conf'), { throwIfNoEntry: false });
      const target =
        link?.isSymbolicLink() === true ? readlinkSync(join(tree, '/etc/resolv.conf')) : undefined;
      return finding(
        `${apt.length} files of apt, resolv.conf`,
        proxies,
        target?.endsWith('/stub-resolv.conf') === true
          ? []
          : '/etc/resolv.conf is not the link to the own resolver',
      );
    },
  },
};

function noArtefact(what: string): never {
  throw new NotRun(`there is no ${what} beside the image: this version makes none`);
}

/** What the image's own package sources have that is newer. */
export async function pending({ pendingUpdates }: Subject): Promise<readonly string[]> {
  if (pendingUpdates === undefined)
    throw new NotRun("it takes the image's package sources, which are not there");
  return pendingUpdates();
}
