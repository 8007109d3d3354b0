import { closeSync, type Dirent, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { sha256OfFile } from '../../packer/index.ts';
import { dpkgFiles } from './dpkg-files.ts';
import { hashedFiles } from './read.ts';

/** A program in an image that nobody answers for. */
export interface Stray {
  readonly path: string;
  readonly why: string;
}

/** What a file is to the machine, as far as it can be told from its first bytes, its name and its mode. */
type Kind = 'ELF file' | 'JavaScript program' | 'executable script';

const ELF = '\x7fELF';
const SCRIPT = '#!';
const JAVASCRIPT = /\.[cm]?js$/;
/** `grub-install` copies the modules of GRUB to where GRUB finds them; the package keeps the originals. */
const GRUB_COPY = /^\/boot\/grub(\/[a-z0-9_]+-[a-z0-9]+\/[^/]+)$/;

/**
 * The programs of a root tree that no package's file list names and no hash of the SBOM covers: ELF files wherever they
 * lie, JavaScript, and scripts that may be run. An empty list is a tree in which everything that can run is accounted for.
 */
export async function strayFiles(tree: string, sbom: string): Promise<Stray[]> {
  const owned = dpkgFiles(tree);
  const ours = hashedFiles(sbom);
  const strays: Stray[] = [];
  for (const path of filesOf(tree)) {
    if (owned.has(path)) continue;
    const kind = kindOf(`${tree}${path}`);
    if (kind === undefined || (await isGrubCopy(tree, path, owned))) continue;
    const wanted = ours.get(path);
    if (wanted === undefined) strays.push({ path, why: `this ${kind} is of no package and not in the SBOM` });
    else if ((await sha256OfFile(`${tree}${path}`)) !== wanted)
      strays.push({ path, why: `this ${kind} is not the one whose hash is in the SBOM` });
  }
  return strays;
}

/** Regular files, by their paths in the tree. A link is no program; what it leads to is looked at where it lies. */
function* filesOf(tree: string, directory = ''): Generator<string> {
  for (const entry of entriesOf(`${tree}${directory}`)) {
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory()) yield* filesOf(tree, path);
    else if (entry.isFile()) yield path;
  }
}

function entriesOf(directory: string): Dirent[] {
  return readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function kindOf(file: string): Kind | undefined {
  const start = firstBytes(file);
  if (start === ELF) return 'ELF file';
  if (JAVASCRIPT.test(file)) return 'JavaScript program';
  return start.startsWith(SCRIPT) && (statSync(file).mode & 0o111) !== 0 ? 'executable script' : undefined;
}

function firstBytes(file: string): string {
  const bytes = Buffer.alloc(ELF.length);
  const descriptor = openSync(file, 'r');
  try {
    return bytes.toString('latin1', 0, readSync(descriptor, bytes));
  } finally {
    closeSync(descriptor);
  }
}

async function isGrubCopy(tree: string, path: string, owned: ReadonlySet<string>): Promise<boolean> {
  const original = `/usr/lib/grub${GRUB_COPY.exec(path)?.[1]}`;
  if (!owned.has(original)) return false;
  return (await sha256OfFile(tree + path)) === (await sha256OfFile(tree + original));
}
