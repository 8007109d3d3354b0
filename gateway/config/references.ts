import type { Environment } from './config.ts';
import { isMap } from './findings.ts';

const PREFIX = 'os.environ/';

/** The variable that a value refers to; undefined when it is no reference. */
export function referencedVariable(value: unknown): string | undefined {
  return typeof value === 'string' && value.startsWith(PREFIX) ? value.slice(PREFIX.length) : undefined;
}

/** The same value with every `os.environ/NAME` in it replaced; a variable that is unset or empty gives null. */
export function resolveReferences(value: unknown, environment: Environment): unknown {
  const variable = referencedVariable(value);
  if (variable !== undefined) return environment[variable] || null;
  if (Array.isArray(value)) return value.map((item) => resolveReferences(item, environment));
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, resolveReferences(item, environment)]),
  );
}
