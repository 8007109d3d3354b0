import type { Shell } from 'zx';
import { Failure } from './failure.ts';

/** Asks git: its standard output, undefined when it fails. */
export type Git = (...args: readonly string[]) => Promise<string | undefined>;

/** git in a directory. */
export function gitOf(shell: Shell, root: string): Git {
  return async (...args) => {
    const { exitCode, stdout } = await shell({ cwd: root, nothrow: true })`git ${args}`;
    return exitCode === 0 ? stdout : undefined;
  };
}

/** The commit that is built from; ends in `-dirty` when the work tree has other content. `unknown` outside of git. */
export async function describeCommit(git: Git): Promise<string> {
  const head = (await git('rev-parse', 'HEAD'))?.trim();
  if (head === undefined) return 'unknown';
  return (await git('status', '--porcelain')) === '' ? head : `${head}-dirty`;
}

/**
 * The time that a build counts as its own, so that it can be repeated: SOURCE_DATE_EPOCH where it is set, else the time
 * of the commit. Undefined outside of git.
 */
export async function sourceTime(
  git: Git,
  epoch: string | undefined = process.env.SOURCE_DATE_EPOCH,
): Promise<Date | undefined> {
  if (epoch !== undefined && epoch !== '') {
    if (/^\d+$/.test(epoch)) return new Date(Number(epoch) * 1000);
    throw new Failure(
      `SOURCE_DATE_EPOCH=${epoch} is no time`,
      'give it in seconds since 1970, or not at all',
    );
  }
  const committed = await git('log', '-1', '--format=%ct');
  return committed === undefined ? undefined : new Date(Number(committed) * 1000);
}
