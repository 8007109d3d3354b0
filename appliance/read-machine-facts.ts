import { readFileSync } from 'node:fs';
import { deepFreeze } from './deep-freeze.ts';
import { FactsError } from './facts-error.ts';
import type { MachineFacts } from './machine-facts.ts';

/**
 * Reads the facts that were baked into this machine, as the build checked them; deeply frozen. Throws FactsError when the
 * file is missing or no JSON.
 */
export function readMachineFacts(path: string): MachineFacts {
  try {
    return deepFreeze(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new FactsError(`${path}: ${(cause as Error).message}`, { cause });
  }
}
