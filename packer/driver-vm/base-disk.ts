import { mkdirSync } from 'node:fs';
import type { Base } from '../base/base.ts';
import { cached } from '../cache.ts';
import type { Work } from '../command.ts';
import { assembleDisk } from '../disk/assemble.ts';
import { shellFor } from '../shell.ts';

/** The disk that a build machine starts from: the base's own, or one that is made of its tree, once. */
export async function baseDisk(base: Base, diskBytes: number, { log, signal }: Work): Promise<string> {
  if (base.disk !== undefined) return base.disk;
  const shell = shellFor(signal);
  const { directory } = await cached('base-disk', `${base.name}-${base.id}`, (unfinished) =>
    log.step(`make a bootable disk of ${base.name}`, async () => {
      const [tree, raw, assembly] = ['tree', 'disk.raw', 'assembly'].map(
        (name) => `${unfinished}/${name}`,
      ) as [string, string, string];
      mkdirSync(assembly);
      await shell`cp -a --reflink=auto ${base.tree} ${tree}`;
      await assembleDisk(shell, tree, raw, { bytes: diskBytes, work: assembly });
      await shell`qemu-img convert -f raw -O qcow2 ${raw} ${unfinished}/disk.qcow2`;
      await shell`rm -rf ${tree} ${raw} ${assembly}`;
    }),
  );
  return `${directory}/disk.qcow2`;
}
