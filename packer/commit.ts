import type { Shell } from 'zx';
import { Failure } from './failure.ts';

/** git in a directory: its standard output, undefined when it fails. */
export function gitOf(
  shell: Shell,
  root: string,
): (...args: readonly string[]) => Promise<string | undefined> {
  return async (...args) => {
    const { exitCode, stdout } = await shell({ cwd: root, nothrow: true })`git ${args}`;
    return exitCode === 0 ? stdout : undefined;
  };
}

/** The commit that is built from; ends in `-dirty` when the work tree has other content. `unknown` outside of git. */
export async function describeCommit(shell: Shell, root: string): Promise<string> {
  const git = shell({ cwd: root, nothrow: true });
  const head = await git`git rev-parse HEAD`;
  if (head.exitCode !== 0) return 'unknown';
  const changes = await git`git status --porcelain`;
  return changes.exitCode === 0 && changes.stdout === '' ? head.stdout.trim() : `${head.stdout.trim()}-dirty`;
}

/**
 * The time that a build counts as its own, so that it can be repeated: SOURCE_DATE_EPOCH where it is set, else the time
 * of the commit. Undefined outside of git.
 */
export async function sourceTime(
  shell: Shell,
  root: string,
  epoch: string | undefined = process.env.SOURCE_DATE_EPOCH,
): Promise<Date | undefined> {
  if (epoch !== undefined && epoch !== '') {
    if (/^\d+$/.test(epoch)) return new Date(Number(epoch) * 1000);
    throw new Failure(
      `SOURCE_DATE_EPOCH=${epoch} is no time`,
      'give it in seconds since 1970, or not at all',
    );
  }
  const committed = await shell({ cwd: root, nothrow: true })`git log -1 --format=%ct`;
  return committed.exitCode === 0 ? new Date(Number(committed.stdout) * 1000) : undefined;
}
