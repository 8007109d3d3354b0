import { type FileAccess, type FileSystem, readTextIfAny, writeFileAtomic } from '../appliance/index.ts';

export interface Replacement {
  readonly path: string;
  /** undefined: the file is removed. */
  readonly text: string | undefined;
  readonly access: FileAccess;
}

function put(fs: FileSystem, { path, text, access }: Replacement): void {
  if (text === undefined) fs.rmSync(path, { force: true });
  else writeFileAtomic(fs, path, text, access);
}

/** The file as it stands now. */
function present(fs: FileSystem, { path, access }: Replacement): Replacement {
  const text = readTextIfAny(fs, path);
  if (text === undefined) return { path, text, access };
  const { mode, uid, gid } = fs.statSync(path);
  return { path, text, access: { mode: mode & 0o7777, owner: { uid, gid } } };
}

/**
 * Puts files in place, each one whole, and takes them back when `accept` throws: its error is thrown on, and what was
 * there before is there again.
 */
export async function replaceFiles(
  fs: FileSystem,
  replacements: readonly Replacement[],
  accept: () => Promise<void>,
): Promise<void> {
  const before = replacements.map((each) => present(fs, each));
  try {
    for (const each of replacements) put(fs, each);
    await accept();
  } catch (error) {
    for (const each of before) put(fs, each);
    throw error;
  }
}
