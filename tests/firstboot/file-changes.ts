/** Watches a program's changes of the file system, from within, before it runs. */
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

/** Has `changed` called right after each change that the program makes. */
export function onEveryChange(changed: () => void): void {
  for (const name of CHANGES) {
    const original = fs[name] as (...args: unknown[]) => unknown;
    const replacement = (...args: unknown[]): unknown => {
      if (!willChange(name, args)) return original(...args);
      const result = original(...args);
      changed();
      return result;
    };
    Object.assign(fs, { [name]: replacement });
  }
  syncBuiltinESMExports();
}
