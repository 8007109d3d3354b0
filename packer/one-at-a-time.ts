import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { Failure } from './failure.ts';
import { places } from './places.ts';
import { startOf } from './processes.ts';

const lockFile = `${places.cache}/image.lock`;

/**
 * Lets one bake of this checkout run at a time; what it gives is to be disposed of. A lock whose owner is gone counts
 * for nothing. Throws Failure while another bake runs.
 */
export function oneAtATime(path: string = lockFile): Disposable {
  mkdirSync(dirname(path), { recursive: true });
  const owner = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  const [pid, start] = owner?.split(' ') ?? [];
  if (pid !== undefined && start !== undefined && startOf(Number(pid)) === start) {
    throw new Failure(
      `another bake runs from this directory (process ${pid})`,
      'wait until it has finished, or interrupt it',
    );
  }
  rmSync(path, { force: true });
  write(path, `${process.pid} ${startOf(process.pid)}`);
  return { [Symbol.dispose]: () => rmSync(path, { force: true }) };
}

/** Fails when somebody else has made the file in this very moment. */
function write(path: string, text: string): void {
  const file = openSync(path, 'wx');
  writeSync(file, text);
  closeSync(file);
}
