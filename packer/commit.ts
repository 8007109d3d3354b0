import type { Shell } from 'zx';

/** The commit that is built from; ends in `-dirty` when the work tree has other content. `unknown` outside of git. */
export async function describeCommit(shell: Shell, root: string): Promise<string> {
  const git = shell({ cwd: root, nothrow: true });
  const head = await git`git rev-parse HEAD`;
  if (head.exitCode !== 0) return 'unknown';
  const changes = await git`git status --porcelain`;
  return changes.exitCode === 0 && changes.stdout === '' ? head.stdout.trim() : `${head.stdout.trim()}-dirty`;
}
