/** The real names of models, by the names that callers use. */
export type ModelAliases = Readonly<Record<string, string>>;

export const NO_ALIASES: ModelAliases = Object.freeze({});

/** The aliases in a row; what stands there and is no name, in a database that was taken over, stands for nothing. */
export function readAliases(stored: unknown): ModelAliases {
  if (typeof stored !== 'object' || stored === null) return NO_ALIASES;
  const named = Object.entries(stored).filter(([, real]) => typeof real === 'string' && real !== '');
  return named.length === 0 ? NO_ALIASES : Object.freeze(Object.fromEntries(named));
}

/** What a caller means by a model's name: its key's aliases are asked first, then those of its team. */
export function meantModel(
  name: string,
  { key, team }: { readonly key: ModelAliases; readonly team: ModelAliases },
): string {
  const named = Object.hasOwn(key, name) ? (key[name] as string) : name;
  return Object.hasOwn(team, named) ? (team[named] as string) : named;
}
