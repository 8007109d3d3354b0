import { execa } from 'execa';

export interface ProgramOptions {
  /** Fed to the program's standard input; the place for anything secret, since argument lists are public. */
  readonly input?: string;
  /** Added to a small fixed environment; nothing is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** An open file that the program finds as its file descriptor 3. */
  readonly sharedFile?: number;
}

export interface ProgramResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program and waits for its end, whatever its exit status is. Throws ProgramError when it cannot start or does not end in time. */
export type RunProgram = (
  program: string,
  args: readonly string[],
  options?: ProgramOptions,
) => Promise<ProgramResult>;

/** A program that could not do what was asked. The message holds its arguments and the last line of its complaint. */
export class ProgramError extends Error {
  override readonly name = 'ProgramError';
}

const MINUTE = 60_000;
const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The real RunProgram: no shell, a bounded time, and the child ends with its parent. */
export const runProgram: RunProgram = async (program, args, options = {}) => {
  const timeoutMs = options.timeoutMs ?? 2 * MINUTE;
  // execa's types list descriptors up to 9 only; it hands any number on as it is.
  const extraFiles = options.sharedFile === undefined ? [] : [options.sharedFile as 3];
  const result = await execa(program, [...args], {
    reject: false,
    extendEnv: false,
    env: { PATH: SYSTEM_PATH, LC_ALL: 'C.UTF-8', ...options.env },
    stdio: ['pipe', 'pipe', 'pipe', ...extraFiles],
    input: options.input ?? '',
    timeout: timeoutMs,
  });
  if (result.exitCode === undefined) {
    const why = result.timedOut
      ? `did not end within ${timeoutMs / 1000} s`
      : (result.originalMessage ?? result.signalDescription ?? 'was ended by a signal');
    throw new ProgramError(`${describe(program, args)}: ${why}`);
  }
  return { exitCode: result.exitCode, stdout: String(result.stdout), stderr: String(result.stderr) };
};

/** Runs a program that must succeed and returns its standard output. Throws ProgramError on any exit status but 0. */
export async function mustRun(
  run: RunProgram,
  program: string,
  args: readonly string[],
  options?: ProgramOptions,
): Promise<string> {
  const { exitCode, stdout, stderr } = await run(program, args, options);
  if (exitCode === 0) return stdout;
  const complaint = (stderr || stdout).trim().split('\n').at(-1) ?? '';
  throw new ProgramError(`${describe(program, args)}: exit status ${exitCode}: ${complaint}`);
}

function describe(program: string, args: readonly string[]): string {
  return [program, ...args].join(' ');
}
