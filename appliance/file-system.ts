import type * as nodeFs from 'node:fs';

/**
 * The file-system calls that shipped programs make. Production passes `node:fs`; a test may stand in between and
 * stop the program after any single one of them.
 */
export type FileSystem = Pick<
  typeof nodeFs,
  | 'chmodSync'
  | 'chownSync'
  | 'closeSync'
  | 'existsSync'
  | 'fchmodSync'
  | 'fchownSync'
  | 'fsyncSync'
  | 'mkdirSync'
  | 'openSync'
  | 'readFileSync'
  | 'readdirSync'
  | 'readlinkSync'
  | 'renameSync'
  | 'rmSync'
  | 'statSync'
  | 'symlinkSync'
  | 'writeFileSync'
>;

/** The text of a file, or undefined when there is none. Any other trouble (no permission, a directory) is thrown. */
export function readTextIfAny(fs: FileSystem, path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
