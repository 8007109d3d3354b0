import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { Failure, sha256OfFile } from '../../packer/index.ts';
import { inside } from './inside.ts';

/** A file in the image that comes from this repository. */
export interface OwnFile {
  /** Absolute path on the machine. */
  readonly path: string;
  readonly sha256: string;
}

/** Where the files of ours come from. */
export interface Sources {
  /** The payload of the bake: `<role>/<path on the machine>`. */
  readonly payload: string;
  /** The folder with the roles, whose `files` and `templates` are laid out as on the machine. */
  readonly roles: string;
}

/**
 * Every file of ours in a root tree, by its path. What the payload holds must be there as it was made; what a role
 * renders on the machine is recorded as it lies there. Throws Failure for a file of the payload that did not arrive.
 */
export async function ownFiles(tree: string, { payload, roles }: Sources): Promise<OwnFile[]> {
  const made = new Map(
    subdirectories(payload).flatMap((role) =>
      filesBelow(role).map((path) => [path, `${role}${path}`] as const),
    ),
  );
  const laidOut = subdirectories(roles)
    .flatMap((role) => [...filesBelow(`${role}/files`), ...filesBelow(`${role}/templates`)])
    .map((path) => path.replace(/\.j2$/, ''))
    .filter((path) => lstatSync(inside(tree, path) ?? '', { throwIfNoEntry: false })?.isFile() === true);
  const paths = [...new Set([...made.keys(), ...laidOut])].sort();
  return Promise.all(paths.map(async (path) => ({ path, sha256: await hashOf(tree, path, made.get(path)) })));
}

async function hashOf(tree: string, path: string, made: string | undefined): Promise<string> {
  const arrived = inside(tree, path);
  const found = arrived === undefined ? undefined : await sha256OfFile(arrived);
  const wanted = made === undefined ? found : await sha256OfFile(made);
  if (found !== undefined && found === wanted) return found;
  throw new Failure(
    `${path} is ${found === undefined ? 'not in the image' : 'in the image with other content than was made'}`,
    'see which role installs or changes it',
  );
}

function subdirectories(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${directory}/${entry.name}`);
}

/** Paths below a directory, each beginning with a slash. */
function filesBelow(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(directory.length));
}
