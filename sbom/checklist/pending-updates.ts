import type { Shell } from 'zx';
import { NotRun } from './look.ts';
import type { Subject } from './subject.ts';

/**
 * Runs apt of a root tree against its own package sources, with this machine's name servers. Everything that apt writes goes
 * into memory, in a mount namespace of its own: the tree stays as it is.
 */
const SCRIPT = `set -e
mount -t tmpfs tmpfs "$1/run"
mkdir -p "$1/run/systemd/resolve"
cp /etc/resolv.conf "$1/run/systemd/resolve/stub-resolv.conf"
for place in tmp var/tmp var/lib/apt/lists var/cache/apt var/log; do mkdir -p "$1/$place"; mount -t tmpfs tmpfs "$1/$place"; done
mount --bind /dev "$1/dev"
mount -t proc proc "$1/proc"
mkdir -p "$1/var/lib/apt/lists/partial" "$1/var/cache/apt/archives/partial"
chroot "$1" apt-get -qq -o APT::Update::Error-Mode=any -o APT::Sandbox::User=root update
chroot "$1" apt-get -s -o Debug::NoLocking=true dist-upgrade`;

/** Packages that the tree's own sources have newer: the lines that begin with `Inst`. Throws NotRun when they cannot be asked. */
export async function pendingUpdates(shell: Shell, tree: string): Promise<string[]> {
  const asked = await shell({ nothrow: true })`unshare --mount --pid --fork sh -c ${SCRIPT} updates ${tree}`;
  if (asked.exitCode !== 0)
    throw new NotRun(`the image's package sources did not answer: ${asked.stderr.trim().split('\n').at(-1)}`);
  return asked.stdout.split('\n').filter((line) => line.startsWith('Inst '));
}

/** What the image's own package sources have that is newer. */
export async function pending({ pendingUpdates }: Subject): Promise<readonly string[]> {
  if (pendingUpdates === undefined)
    throw new NotRun("it takes the image's package sources, which are not there");
  return pendingUpdates();
}
