import { lstatSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { finding, type LooksByRow, lines, NotRun, said } from './look.ts';
import { pending } from './pending-updates.ts';
import { type Disk, type Guest, type Subject, usesBuildMirror } from './subject.ts';
import { meaningful, namesIn, requiredText, settings } from './tree.ts';

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

export const bootRows: LooksByRow = {
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
