/** A public name with `*` in it, compiled. */
export interface Wildcard {
  readonly pattern: string;
  /** What each `*` stands for in `name`; null when the name does not fit. */
  match(name: string): readonly string[] | null;
}

/** Compiles a pattern such as `openai/*`: each `*` stands for at least one character. */
export function compileWildcard(pattern: string): Wildcard {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const expression = new RegExp(`^${parts.join('(.+)')}$`, 's');
  return { pattern, match: (name) => expression.exec(name)?.slice(1) ?? null };
}

/** Puts what the stars of one pattern stood for in the place of the stars of another. */
export function fillWildcard(pattern: string, values: readonly string[]): string {
  let next = 0;
  return pattern.replaceAll('*', () => values[next++] ?? '');
}

/** Orders patterns so that the more specific one comes first: more fixed characters, `*` last. */
export function moreSpecificFirst(one: string, other: string): number {
  const fixed = (pattern: string) => pattern.replaceAll('*', '').length;
  return fixed(other) - fixed(one);
}
