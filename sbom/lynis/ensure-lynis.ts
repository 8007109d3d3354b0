import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { $ } from 'zx';
import { cached, Failure } from '../../packer/index.ts';

/** Lynis asks dpkg of each certificate here, a quarter of its time, and looks at none: they are the package's. */
const PACKAGED_AUTHORITIES = ':/usr/share/ca-certificates';

/**
 * A directory with Lynis as it runs from anywhere, taken out of the distribution's package without installing it: it is
 * shown to a machine for one run and never part of one.
 */
export async function ensureLynis(): Promise<string> {
  const shell = $({ quiet: true });
  try {
    const shown = await shell`apt-cache show --no-all-versions lynis`;
    const version = /^Version: (\S+)$/m.exec(shown.stdout)?.[1] ?? 'unknown';
    const { directory } = await cached('tools', `lynis-${version}-own-certificates`, (unfinished) =>
      unpack(unfinished, version),
    );
    return directory;
  } catch (cause) {
    throw new Failure(
      `Lynis could not be had: ${(cause as Error).message.trim().split('\n').at(-1)}`,
      "see that apt-get works on this machine ('apt-get update'), then run again",
      { cause },
    );
  }
}

async function unpack(directory: string, version: string): Promise<void> {
  const parts = `${directory}/parts`;
  mkdirSync(parts);
  const shell = $({ quiet: true, cwd: parts });
  await shell`apt-get download ${`lynis=${version}`}`;
  const [archive = ''] = readdirSync(parts).filter((name) => name.endsWith('.deb'));
  await shell`dpkg-deb -x ${archive} .`;
  cpSync(`${parts}/usr/share/lynis`, directory, { recursive: true });
  copyFileSync(`${parts}/usr/sbin/lynis`, `${directory}/lynis`);
  const profile = readFileSync(`${parts}/etc/lynis/default.prf`, 'utf8');
  writeFileSync(`${directory}/default.prf`, profile.replace(PACKAGED_AUTHORITIES, ''));
  // It refuses to start without the directory, and a copy of the whole one adds nothing.
  mkdirSync(`${directory}/plugins`, { recursive: true });
  chmodSync(`${directory}/lynis`, 0o755);
  rmSync(parts, { recursive: true });
}
