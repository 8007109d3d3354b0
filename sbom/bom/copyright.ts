import { readFileSync } from 'node:fs';
import { parseDeb822 } from '../../packer/index.ts';
import { inside } from './inside.ts';

/** What the first field of a machine-readable copyright file names. */
const FORMAT = /^https?:\/\/www\.debian\.org\/doc\/packaging-manuals\/copyright-format\/1\.0\/?$/;

/**
 * The short names of the licences in a package's copyright file: of the whole and of its files. Empty where the file is
 * missing or not machine-readable.
 */
export function licenceNames(tree: string, name: string): string[] {
  const path = inside(tree, `/usr/share/doc/${name}/copyright`);
  if (path === undefined) return [];
  const [header, ...paragraphs] = parseDeb822(readFileSync(path, 'utf8'));
  if (!FORMAT.test(header?.get('format') ?? '')) return [];
  return [header, ...paragraphs.filter((paragraph) => paragraph.has('files'))].flatMap(
    (paragraph) => paragraph?.get('license')?.split('\n', 1)[0]?.trim() || [],
  );
}
