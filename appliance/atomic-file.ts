import { basename, dirname, join } from 'node:path';
import { type FileSystem, readTextIfAny } from './file-system.ts';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export interface FileAccess {
  readonly mode: number;
  /** Unset: whoever runs the program. */
  readonly owner?: Owner;
}

/**
 * Replaces a file so that, whatever happens, a reader and the next boot find either the old text or the whole new one.
 * The text is never in a file that somebody else may read: the temporary one is closed to others until it is complete.
 * Two writers of one file must exclude each other.
 */
export function writeFileAtomic(fs: FileSystem, path: string, text: string, access: FileAccess): void {
  const temporary = join(dirname(path), `.${basename(path)}.new`);
  fs.rmSync(temporary, { force: true });
  const file = fs.openSync(temporary, 'wx', 0o600);
  try {
    fs.writeFileSync(file, text);
    if (access.owner !== undefined) fs.fchownSync(file, access.owner.uid, access.owner.gid);
    fs.fchmodSync(file, access.mode);
    fs.fsyncSync(file);
  } finally {
    fs.closeSync(file);
  }
  fs.renameSync(temporary, path);
  syncDirectory(fs, dirname(path));
}

/**
 * Changes the text of a file in place of its old one, mode and owner kept. Returns whether there was anything to
 * change; a file that does not exist is not created.
 */
export function rewriteFileAtomic(fs: FileSystem, path: string, change: (text: string) => string): boolean {
  const before = readTextIfAny(fs, path);
  if (before === undefined) return false;
  const after = change(before);
  if (after === before) return false;
  const { mode, uid, gid } = fs.statSync(path);
  writeFileAtomic(fs, path, after, { mode: mode & 0o7777, owner: { uid, gid } });
  return true;
}

/** Makes names that were added to or removed from a directory last over a power cut. */
export function syncDirectory(fs: FileSystem, path: string): void {
  const directory = fs.openSync(path, 'r');
  try {
    fs.fsyncSync(directory);
  } finally {
    fs.closeSync(directory);
  }
}
