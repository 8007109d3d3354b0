/**
 * The parameters that every call of a key must have, as its `metadata` name them: members of the request's body, with dots
 * between those of objects in it. A list that cannot be read, in a database that was taken over, requires what nobody can send.
 */
export function requiredBy(metadata: unknown): readonly string[] {
  if (typeof metadata !== 'object' || metadata === null) return [];
  const { enforced_params: names = null } = metadata as { readonly enforced_params?: unknown };
  if (names === null) return [];
  return Array.isArray(names) ? names.map(String) : ['enforced_params'];
}
