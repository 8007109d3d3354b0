import { mustRun } from '../appliance/index.ts';
import type { Machine } from './machine.ts';

const MINUTE = 60_000;
const WAIT_MS = 14 * MINUTE;

/**
 * Makes sure that only one run changes what a directory stands for, the machine's first-boot state unless told otherwise;
 * a second one waits. The kernel gives the lock
 * back when this process ends, however it ends. Node has no flock(2) of its own: the program takes the lock on an open
 * file that both share, and it stays with ours when the program is gone.
 */
export async function acquireLock(
  machine: Machine,
  path: string = machine.facts.paths.firstbootState,
): Promise<Disposable> {
  const { fs } = machine;
  const directory = fs.openSync(path, 'r');
  try {
    const args = ['--exclusive', '--timeout', String(WAIT_MS / 1000), '3'];
    await mustRun(machine.run, 'flock', args, { sharedFile: directory, timeoutMs: WAIT_MS + MINUTE });
  } catch (error) {
    fs.closeSync(directory);
    throw error;
  }
  return { [Symbol.dispose]: () => fs.closeSync(directory) };
}
