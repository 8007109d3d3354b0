/** What stands in the place of a name that the reader fills in, and what is typed where a command asks. */
export interface Placeholders {
  readonly HOST: string;
  readonly MASTER_KEY: string;
  readonly KEY: string;
  readonly CALL_ID: string;
}

export const placeholderNames = [
  'HOST',
  'MASTER_KEY',
  'KEY',
  'CALL_ID',
] as const satisfies readonly (keyof Placeholders)[];

/** What is typed at a page's questions, by page; at all others nothing. */
export function typedAt(page: string, values: { readonly providerKey: string }): string {
  const typed: Readonly<Record<string, string>> = {
    'docs/operator/launch.md': values.providerKey,
    'docs/operator/access-lists.md': 'correct horse battery staple',
  };
  return `${typed[page] ?? ''}\n`;
}

/** A block as one script that stops at its first failing command. */
export function scriptOf(text: string): string {
  return `set -euo pipefail\n${text}\n`;
}
