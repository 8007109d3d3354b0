import { randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Shell } from 'zx';
import { Failure } from '../failure.ts';
import { programFailure } from '../shell.ts';
import { embedGrub } from './bios-grub.ts';
import { grubConfig, grubStub } from './grub-config.ts';
import { type Layout, layoutFor, SECTOR, sfdiskScript } from './layout.ts';

const KiB = 1024;
const BIOS_MODULES = ['biosdisk', 'part_gpt', 'ext2', 'search_fs_uuid', 'normal', 'configfile', 'linux'];

interface Identity {
  readonly rootUuid: string;
  /** FAT volume id, eight hex digits. */
  readonly espId: string;
}

/**
 * Writes a raw disk that boots by BIOS and by UEFI from a root tree. The tree gets its boot loader files and fstab
 * on the way, so it must be the caller's own copy; `work` is an empty directory. No loop device and no mount is used.
 */
export async function assembleDisk(
  shell: Shell,
  tree: string,
  disk: string,
  options: { bytes: number; work: string; kernelArguments?: readonly string[] },
) {
  const layout = layoutFor(options.bytes);
  const identity = { rootUuid: randomUUID(), espId: randomUUID().slice(0, 8).toUpperCase() };
  writeFileSync(`${tree}/etc/fstab`, fstab(identity, readFileSync(`${tree}/etc/fstab`, 'utf8')));
  try {
    const grub = await installGrub(shell, tree, identity, options.kernelArguments ?? []);
    await shell`truncate -s ${layout.sectors * SECTOR} ${disk}`;
    await shell({ input: sfdiskScript(layout) })`sfdisk --quiet ${disk}`;
    await writeBiosBoot(disk, layout, grub);
    await writeEsp(shell, tree, disk, { layout, identity, work: options.work });
    await writeRoot(shell, tree, disk, layout, identity);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw programFailure(error, 'see what the program says about the disk or the tree above');
  }
}

/** The disk's own file systems, then what the tree has asked for besides. */
function fstab({ rootUuid, espId }: Identity, asked: string): string {
  const vfatId = `${espId.slice(0, 4)}-${espId.slice(4)}`;
  return [
    `UUID=${rootUuid} / ext4 rw,discard,errors=remount-ro 0 1`,
    `UUID=${vfatId} /boot/efi vfat umask=0077,nofail 0 1`,
    ...asked.split('\n').filter((line) => /^\s*[^#\s]/.test(line) && !/^\S+\s+\/(boot\/efi)?\s/.test(line)),
    '',
  ].join('\n');
}

/** Puts GRUB's modules and its configuration into the tree; returns what a BIOS starts from. */
async function installGrub(
  shell: Shell,
  tree: string,
  { rootUuid }: Identity,
  kernelArguments: readonly string[],
) {
  const modules = '/usr/lib/grub/i386-pc';
  cpSync(`${tree}${modules}`, `${tree}/boot/grub/i386-pc`, { recursive: true });
  const title = osRelease(tree).get('PRETTY_NAME') ?? 'Linux';
  const release = kernelRelease(tree);
  writeFileSync(`${tree}/boot/grub/grub.cfg`, grubConfig({ title, rootUuid, release, kernelArguments }));
  await shell`chroot ${tree} grub-script-check /boot/grub/grub.cfg`;

  const core = '/boot/grub/i386-pc/core.img';
  writeFileSync(`${tree}/boot/grub/i386-pc/load.cfg`, grubStub(rootUuid, 'bios'));
  const options = ['-O', 'i386-pc', '-p', '/boot/grub', '-c', '/boot/grub/i386-pc/load.cfg', '-o', core];
  await shell`chroot ${tree} grub-mkimage ${options} ${BIOS_MODULES}`;
  return { boot: readFileSync(`${tree}${modules}/boot.img`), core: readFileSync(`${tree}${core}`) };
}

function kernelRelease(tree: string): string {
  const releases = readdirSync(`${tree}/boot`).flatMap((name) => /^vmlinuz-(.+)$/.exec(name)?.[1] ?? []);
  const newest = releases.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
  if (newest === undefined)
    throw new Failure('the tree has no kernel in /boot', 'see why its package was not installed');
  return newest;
}

function osRelease(tree: string): Map<string, string> {
  const lines = readFileSync(`${tree}/etc/os-release`, 'utf8').split('\n');
  return new Map(
    lines.flatMap((line) => {
      const [, name, value] = /^(\w+)="?([^"]*)"?$/.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value] as const];
    }),
  );
}

async function writeBiosBoot(disk: string, { biosBoot }: Layout, grub: { boot: Buffer; core: Buffer }) {
  const roomBytes = biosBoot.size * SECTOR;
  const { bootCode, coreImage } = embedGrub(grub.boot, grub.core, { sector: biosBoot.start, roomBytes });
  await using file = await open(disk, 'r+');
  await file.write(bootCode, 0, bootCode.length, 0);
  await file.write(coreImage, 0, coreImage.length, biosBoot.start * SECTOR);
}

async function writeEsp(
  shell: Shell,
  tree: string,
  disk: string,
  { layout: { esp }, identity, work }: { layout: Layout; identity: Identity; work: string },
) {
  const vendor = osRelease(tree).get('ID') ?? 'debian';
  mkdirSync(`${work}/esp/EFI/BOOT`, { recursive: true });
  mkdirSync(`${work}/esp/EFI/${vendor}`, { recursive: true });
  mkdirSync(`${tree}/boot/efi`, { recursive: true });
  const programs = {
    'BOOTX64.EFI': '/usr/lib/shim/shimx64.efi.signed',
    'grubx64.efi': '/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed',
  };
  for (const [name, path] of Object.entries(programs)) {
    // Links are followed as the machine would: they may be absolute.
    const real = (await shell`chroot ${tree} realpath ${path}`).stdout.trim();
    cpSync(`${tree}${real}`, `${work}/esp/EFI/BOOT/${name}`);
  }
  writeFileSync(`${work}/esp/EFI/${vendor}/grub.cfg`, grubStub(identity.rootUuid, 'uefi'));

  const kibibytes = (esp.size * SECTOR) / KiB;
  // One sector a cluster: it would choose by the size of the whole disk, and end below FAT32's least number of clusters.
  await shell`mkfs.vfat -F 32 -s 1 -n ESP -i ${identity.espId} --offset ${esp.start} ${disk} ${kibibytes}`;
  await shell`mcopy -s -i ${`${disk}@@${esp.start * SECTOR}`} ${work}/esp/EFI ::/`;
}

async function writeRoot(shell: Shell, tree: string, disk: string, { root }: Layout, { rootUuid }: Identity) {
  const size = `${(root.size * SECTOR) / KiB}k`;
  // These two features are newer than GRUB's reader of ext4 on some bases.
  const features = '^metadata_csum_seed,^orphan_file';
  const where = `offset=${root.start * SECTOR}`;
  await shell`mke2fs -q -t ext4 -F -L root -U ${rootUuid} -O ${features} -d ${tree} -E ${where} ${disk} ${size}`;
}

/** Converts any disk image to the compressed form that is handed out. */
export async function compressDisk(
  shell: Shell,
  from: { path: string; format: 'raw' | 'qcow2' },
  to: string,
) {
  await shell`qemu-img convert -f ${from.format} -O qcow2 -c -o compression_type=zstd ${from.path} ${to}`;
}
