/**
 * Loaded before the program under test: right after each of its changes of the file system the whole machine stands still,
 * prints the line STILL, and goes on when a byte comes on standard input.
 */
import { readdirSync, readFileSync, readSync, writeSync } from 'node:fs';
import { onEveryChange } from './file-changes.ts';

const POLL_MS = 5;

/** kill(2) with -1 reaches every process of the machine but this one and the first, which only waits. */
function signalOthers(signal: NodeJS.Signals): void {
  try {
    process.kill(-1, signal);
  } catch (error) {
    // There is no other process.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Whether a process can do nothing: it is stopped or has ended. In proc(5) its state stands after the name in brackets. */
function isStill(id: string): boolean {
  try {
    return /^[TZX]/.test(readFileSync(`/proc/${id}/stat`, 'utf8').split(') ').at(-1) ?? '');
  } catch (error) {
    // It has ended since the list was read.
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return true;
    throw error;
  }
}

/** Reads one byte of standard input, which does not block; false at its end. */
function read(): boolean {
  for (;;) {
    try {
      return readSync(0, Buffer.alloc(1)) === 1;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS);
  }
}

onEveryChange(() => {
  signalOthers('SIGSTOP');
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const others = ids.filter((id) => id !== '1' && id !== String(process.pid));
  while (!others.every(isStill));
  writeSync(1, `\n${process.env.STILL}\n`);
  if (!read()) process.kill(process.pid, 'SIGKILL');
  signalOthers('SIGCONT');
});
