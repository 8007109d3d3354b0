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

/** Opening a file to read it changes nothing. */
function isChange(name: string, args: readonly unknown[]): boolean {
  return name !== 'openSync' || (args[1] !== undefined && args[1] !== 'r');
}

for (const name of CHANGES) {
  const original = fs[name] as (...args: unknown[]) => unknown;
  const replacement = (...args: unknown[]): unknown => {
    const result = original(...args);
    if (isChange(name, args)) changes += 1;
    if (changes === fatal) process.kill(process.pid, 'SIGKILL');
    return result;
  };
  Object.assign(fs, { [name]: replacement });
}
syncBuiltinESMExports();
