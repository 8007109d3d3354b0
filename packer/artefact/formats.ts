import { createReadStream, createWriteStream, rmSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { Shell } from 'zx';
import { compressDisk } from '../disk/assemble.ts';
import { SECTOR } from '../disk/layout.ts';
import type { Format } from './format.ts';
import { readGzippedQcow2, readQcow2 } from './read-qcow2.ts';
import { readRaw } from './read-raw.ts';
import { readTar } from './read-tar.ts';
import { readVhd } from './read-vhd.ts';

const MiB = 2 ** 20;
const GiB = 2 ** 30;
/** Two hundredths more bytes than at the usual level, in three fifths of the time. */
const GZIP = ['gzip', '-4', '--no-name'];
/** The name that Google's import looks for. */
const MEMBER = 'disk.raw';

/** For every hypervisor that reads qcow2. */
const zstdQcow2: Format = {
  suffix: '.qcow2',
  size: { atLeast: 0, multipleOf: SECTOR, atMost: Number.POSITIVE_INFINITY },
  make: (shell, disk, to) => compressDisk(shell, { path: disk, format: 'raw' }, to),
  read: (path) => readQcow2(path, 'zstd'),
  restore: async (shell, path, disk) => {
    await shell`qemu-img convert -f qcow2 -O raw ${path} ${disk}`;
  },
};

/** Azure: Linux OS disks of 30 to 50 GiB. Without force_size the disk is rounded to a geometry, off the whole MiB. */
const fixedVhd: Format = {
  suffix: '.vhd',
  size: { atLeast: 30 * GiB, multipleOf: MiB, atMost: 50 * GiB },
  make: async (shell, disk, to) => {
    await shell`qemu-img convert -f raw -O vpc -o subformat=fixed,force_size ${disk} ${to}`;
  },
  read: readVhd,
  restore: async (shell, path, disk) => {
    await shell`qemu-img convert -f vpc -O raw ${path} ${disk}`;
  },
};

/** AWS: a snapshot is written block by block, and a volume made from it has whole GiB. */
const rawDisk: Format = {
  suffix: '.raw',
  size: { atLeast: 0, multipleOf: GiB, atMost: 64 * 1024 * GiB },
  make: copySparse,
  read: readRaw,
  restore: copySparse,
};

/** Google: sparse archives of the old GNU format, in which the disk has whole GiB and one fixed name. */
const gnuTar: Format = {
  suffix: '.tar.gz',
  size: { atLeast: 0, multipleOf: GiB, atMost: 2048 * GiB },
  make: async (shell, disk, to) => {
    // The same disk makes the same archive, whoever makes it and when.
    const nobody = ['--owner=0', '--group=0', '--numeric-owner', '--mode=0644', '--mtime=@0'];
    const name = `--transform=s|.*|${MEMBER}|`;
    const from = ['-C', dirname(disk), basename(disk)];
    await shell`tar --format=oldgnu -S ${nobody} ${name} -I ${GZIP.join(' ')} -cf ${to} ${from}`;
  },
  read: (path) => readTar(path, MEMBER),
  restore: async (shell, path, disk) => {
    // Under its own name at once: the sealed disk may be the neighbour that is called as the member is.
    await shell`tar -xSzf ${path} -C ${dirname(disk)} --transform=${`s|.*|${basename(disk)}|`} ${MEMBER}`;
  },
};

/** DigitalOcean: below 100 GB unpacked. Clusters stay as they are, since gzip packs them and any QEMU can read them. */
const gzippedQcow2: Format = {
  suffix: '.qcow2.gz',
  size: { atLeast: 0, multipleOf: SECTOR, atMost: 100e9 - SECTOR },
  make: async (shell, disk, to) => {
    const plain = to.replace(/\.gz$/, '');
    await shell`qemu-img convert -f raw -O qcow2 ${disk} ${plain}`;
    await shell`${GZIP} --force ${plain}`;
  },
  read: readGzippedQcow2,
  restore: async (shell, path, disk) => {
    const plain = `${disk}.qcow2`;
    await pipeline(createReadStream(path), createGunzip(), createWriteStream(plain));
    await shell`qemu-img convert -f qcow2 -O raw ${plain} ${disk}`;
    rmSync(plain);
  },
};

async function copySparse(shell: Shell, from: string, to: string): Promise<void> {
  await shell`cp --sparse=always --reflink=auto ${from} ${to}`;
}

/** What each target is handed out as. */
export const formats = {
  qemu: zstdQcow2,
  azure: fixedVhd,
  aws: rawDisk,
  gcp: gnuTar,
  digitalocean: gzippedQcow2,
} as const satisfies Record<string, Format>;
