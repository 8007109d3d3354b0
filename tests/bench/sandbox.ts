import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readProcesses } from './measure/proc.ts';

/**
 * Runs a program in namespaces of its own: no network but loopback, and no process that outlives it. The kernel ends
 * everything inside when `unshare` ends, and `unshare` when this process ends, however that happens.
 */
const SANDBOX = [
  '--pdeathsig=KILL',
  'unshare',
  '--net',
  '--ipc',
  '--pid',
  '--mount-proc',
  '--fork',
  '--kill-child=KILL',
];

/**
 * Kills the first process inside, with which the kernel ends all others; `unshare` returns when the last is gone.
 * Before there is a first process, `unshare` itself is killed.
 */
function end(unshare: number | undefined): void {
  if (unshare === undefined) return;
  const first = readProcesses().find(({ parent }) => parent === unshare);
  process.kill(first?.pid ?? unshare, 'SIGKILL');
}

/** Returns the exit code. When the signal aborts, everything inside is ended at once, and the signal's reason is thrown. */
export async function runInSandbox(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<number> {
  // A process group of its own: Ctrl-C reaches this process alone, which then ends the rest in one stroke.
  const child = spawn('setpriv', [...SANDBOX, ...command], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
    detached: true,
  });
  const abort = (): void => end(child.pid);
  signal.addEventListener('abort', abort);
  const [code] = (await once(child, 'exit')) as [number | null];
  signal.removeEventListener('abort', abort);
  signal.throwIfAborted();
  return code ?? 1;
}
