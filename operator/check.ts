/**
 * - `waiting`: not there yet, and nothing says that it will not come.
 * - `warning`: it works, and will not for ever unless somebody does something.
 * - `problem`: somebody has to do something; so is a check that could not run.
 */
export type CheckState = 'ok' | 'waiting' | 'warning' | 'problem';

/** What came of looking at one part of the machine. */
export interface Check {
  readonly name: string;
  readonly state: CheckState;
  readonly detail: string;
  readonly remedy?: string;
}

export type Verdict = 'ready' | 'starting' | 'problem';

/** What the checks say together. */
export function verdictOf(checks: readonly Check[]): Verdict {
  if (checks.some(({ state }) => state === 'problem')) return 'problem';
  return checks.some(({ state }) => state === 'waiting') ? 'starting' : 'ready';
}

/** Runs a check; one that throws counts as a problem, never as passed. */
export async function carriedOut(name: string, check: () => Check | Promise<Check>): Promise<Check> {
  try {
    return await check();
  } catch (error) {
    return { name, state: 'problem', detail: `could not be checked: ${(error as Error).message}` };
  }
}
