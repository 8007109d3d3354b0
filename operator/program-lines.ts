import { execa } from 'execa';

const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Runs a program, without a shell, and yields the lines of its standard output as they come. */
export type ProgramLines = (
  program: string,
  args: readonly string[],
  options?: { readonly signal?: AbortSignal },
) => AsyncIterable<string>;

/**
 * The real ProgramLines. Throws when the program fails, with its complaint; one that `signal` ends just ends, and none
 * outlives this process.
 */
export const programLines: ProgramLines = async function* (program, args, { signal } = {}) {
  const child = execa(program, [...args], {
    extendEnv: false,
    env: { PATH: SYSTEM_PATH, LC_ALL: 'C.UTF-8' },
    stdin: 'ignore',
    // A program that is followed never ends; what it has printed is not kept.
    buffer: { stdout: false, stderr: true },
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  try {
    yield* child;
  } catch (cause) {
    if (signal?.aborted) return;
    const { stderr, originalMessage } = cause as { stderr?: unknown; originalMessage?: string };
    const complaint = String(stderr ?? '')
      .trim()
      .split('\n')
      .at(-1);
    throw new Error(`${program}: ${complaint || originalMessage || 'failed'}`, { cause });
  }
};
