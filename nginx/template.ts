import { readFileSync } from 'node:fs';
import Handlebars from 'handlebars';

/** Nothing that is rendered here is secret. */
export const PUBLIC_MODE = 0o644;

export interface RenderedFile {
  /** Absolute path on the machine. */
  readonly path: string;
  readonly content: string;
  readonly mode: number;
}

/** A file made from a template of this room; a value that is missing is an error. */
export function renderedFile(path: string, name: string, values: object): RenderedFile {
  const source = readFileSync(new URL(`templates/${name}.hbs`, import.meta.url), 'utf8');
  const content = Handlebars.compile(source, { strict: true, noEscape: true })(values);
  return { path, content, mode: PUBLIC_MODE };
}
