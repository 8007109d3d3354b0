import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

const OUTPUT_KEPT = 4000;
const STOP_MS = 10_000;

/** A running server program. */
export interface Program {
  readonly pid: number;
  /** Null while it runs; else how it ended, with the last of its output. */
  failure(): string | null;
  /** Ends it politely, then by force; returns once it is gone. */
  stop(): Promise<void>;
}

/** Starts a server with the machine's environment and the given additions. */
export function startProgram(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Program {
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (text: Buffer): void => {
    output = (output + text.toString()).slice(-OUTPUT_KEPT);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.on('error', (error) => keep(Buffer.from(error.message)));
  return {
    pid: child.pid ?? 0,
    failure: () =>
      isRunning(child) ? null : `${command} ended (${child.exitCode ?? child.signalCode}): ${output}`,
    stop: () => stop(child),
  };
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
