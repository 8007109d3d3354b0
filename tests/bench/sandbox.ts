import { spawn } from 'node:child_process';
import { once } from 'node:events';

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

/** Returns the exit code; an interrupt of this process ends the sandbox at once and throws. */
export async function runInSandbox(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<number> {
  // A process group of its own: Ctrl-C reaches this process alone, which then ends the rest in one stroke.
  const child = spawn('setpriv', [...SANDBOX, ...command], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
    detached: true,
  });
  let interrupted: NodeJS.Signals | undefined;
  const interrupt = (signal: NodeJS.Signals): void => {
    interrupted = signal;
    child.kill('SIGKILL');
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.once(signal, interrupt);
  const [code] = (await once(child, 'exit')) as [number | null];
  for (const signal of signals) process.removeListener(signal, interrupt);
  if (interrupted !== undefined) throw new Error(`interrupted by ${interrupted}; everything was stopped`);
  return code ?? 1;
}
