/**
 * Loaded before the program under test: kills it right after the file-system change number DIE_AT, counted from one.
 * A program that makes fewer changes ends as it would have.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const CHANGES = [
  'chmodSync',
  'chownSync',
  'fchmodSync',
  'fchownSync',
  'mkdirSync',
  'openSync',
  'renameSync',
  'rmSync',
  'symlinkSync',
  'writeFileSync',
] as const;

const fatal = Number(process.env.DIE_AT);
if (!Number.isInteger(fatal) || fatal < 1) throw new Error('DIE_AT must be a whole number from 1 on');
let changes = 0;

/** Whether a call that is about to be made will change anything; one that does not is no place to stop at. */
function willChange(name: string, [path, argument]: readonly unknown[]): boolean {
  switch (name) {
    case 'openSync':
      return argument !== undefined && argument !== 'r';
    case 'rmSync':
      return fs.existsSync(path as string);
    case 'mkdirSync':
      return !fs.existsSync(path as string);
    case 'chmodSync':
      return (fs.statSync(path as string).mode & 0o7777) !== argument;
    case 'chownSync':
      return fs.statSync(path as string).uid !== argument;
    default:
      return true;
  }
}

for (const name of CHANGES) {
  const original = fs[name] as (...args: unknown[]) => unknown;
  const replacement = (...args: unknown[]): unknown => {
    if (!willChange(name, args)) return original(...args);
    const result = original(...args);
    changes += 1;
    if (changes === fatal) process.kill(process.pid, 'SIGKILL');
    return result;
  };
  Object.assign(fs, { [name]: replacement });
}
syncBuiltinESMExports();
