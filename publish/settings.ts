import { Failure } from '../packer/index.ts';

/** Names of environment variables, each with what it is for a person who has not set it. */
export type Wanted<K extends string> = Readonly<Record<K, readonly [variable: string, meaning: string]>>;

/**
 * Reads settings from the environment. Throws Failure naming all that are missing; where no call is made (`dry`) each of
 * those is printed by its name instead.
 */
export function readSettings<K extends string>(
  environment: NodeJS.ProcessEnv,
  wanted: Wanted<K>,
  dry: boolean,
): Record<K, string> {
  const entries = Object.entries<readonly [string, string]>(wanted);
  const missing = entries.filter(([, [variable]]) => !environment[variable]);
  if (missing.length > 0 && !dry)
    throw new Failure(
      `not set: ${missing.map(([, [variable]]) => variable).join(', ')}`,
      `set ${missing.map(([, [variable, meaning]]) => `${variable} (${meaning})`).join(', ')}`,
    );
  const read = entries.map(([key, [variable]]) => [key, environment[variable] || `$${variable}`] as const);
  return Object.fromEntries(read) as Record<K, string>;
}
