import { $, type ProcessOutput, type Shell } from 'zx';
import { Failure } from './failure.ts';

/**
 * zx for this room: quiet, ended by `signal`, and a program that fails throws Failure with the last lines it said
 * and the command, quoted, so that a person can repeat it.
 */
export function shellFor(
  signal: AbortSignal,
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Shell {
  return $({ quiet: true, signal, nothrow: false, ...options });
}

/** `error` of a zx command as a Failure with this remedy. */
export function programFailure(error: unknown, remedy: string): Failure {
  const output = error as ProcessOutput;
  const said = `${output.stderr ?? ''}${output.stdout ?? ''}`.trim() || (error as Error).message;
  return new Failure(said.split('\n').slice(-12).join('\n'), remedy, { cause: error });
}
