import type { CheckResult } from '../check-result.ts';

/** Why a check could not run. It becomes the check's result, and is never taken for a passed one. */
export class NotRun extends Error {
  override readonly name = 'NotRun';
}

/** What `check` came to, or, where it could not run, why: anything else that it throws is a fault of the program. */
export async function resultOf<T extends { readonly result: CheckResult }>(
  id: string,
  check: () => Promise<T>,
): Promise<T | { readonly result: CheckResult }> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof NotRun)) throw error;
    return { result: { id, status: 'not-run', detail: error.message, at: new Date().toISOString() } };
  }
}
