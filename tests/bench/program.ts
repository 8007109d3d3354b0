import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';

const OUTPUT_SHOWN = 2000;
/** Long enough for the rows of a saturated gateway to reach its database. */
const STOP_MS = 60_000;

/** A running server program. */
export interface Program {
  readonly pid: number;
  /** Null while it runs; else how it ended, with the last of its output. */
  failure(): string | null;
  /** Ends it politely, then by force; returns once it is gone. */
  stop(): Promise<void>;
}

export interface ProgramOptions {
  /** Added to the machine's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Takes the output: a pipe would make the load generator read every line that a server logs. */
  readonly log: string;
}

/** Starts a server program. */
export function startProgram(
  command: string,
  args: readonly string[],
  { env = {}, log }: ProgramOptions,
): Program {
  const output = openSync(log, 'w');
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', output, output] });
  closeSync(output);
  let impossible = '';
  child.on('error', (error) => {
    impossible = error.message;
  });
  const failure = (): string | null => {
    if (isRunning(child)) return null;
    const words = impossible || readFileSync(log, 'utf8').slice(-OUTPUT_SHOWN);
    return `${command} ended (${child.exitCode ?? child.signalCode}): ${words}`;
  };
  return { pid: child.pid ?? 0, failure, stop: () => stop(child) };
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

async function stop(child: ChildProcess): Promise<void> {
  if (!isRunning(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(force);
}
