/** The quick start as it is printed, and what its words in capitals stand for. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { places } from '../../packer/index.ts';
import { parseQuickStart } from '../../sbom/index.ts';

export const quickStart = parseQuickStart(
  readFileSync(join(places.root, 'docs/listing/quick-start.md'), 'utf8'),
);

/** Words that whoever follows the quick start replaces with his own. */
export const placeholders = [
  'ADDRESS',
  'USER',
  'KEY_FILE',
  'ADMIN_USER',
  'INITIAL_PASSWORD',
  'NEW_PASSWORD',
  'PROVIDER_KEY',
  'MASTER_KEY',
  'VIRTUAL_KEY',
] as const;
export type Placeholder = (typeof placeholders)[number];
export type Values = Readonly<Partial<Record<Placeholder, string>>>;

const WORD = new RegExp(`\\b(?:${placeholders.join('|')})\\b`, 'g');

/** A printed text as somebody types it. Throws when it asks for something that nobody knows yet. */
export function filledIn(text: string, values: Values): string {
  return text.replaceAll(WORD, (word) => {
    const value = values[word as Placeholder];
    if (value === undefined) throw new Error(`nothing is known yet for ${word} in: ${text}`);
    return value;
  });
}
