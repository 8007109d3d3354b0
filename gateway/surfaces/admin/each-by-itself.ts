import { GatewayError } from '../../http/errors.ts';
import { InvalidRequest } from './validation.ts';

/** What became of one of many: what was done, or why it was refused. */
export interface Outcome<A, D> {
  readonly asked: A;
  readonly done: D | null;
  readonly error: string | null;
}

/**
 * Does many things one after the other, each in a transaction of its own. What is refused is told of its own, and the others
 * are done all the same; what nobody foresaw, such as a database that is away, ends all of it.
 */
export async function eachByItself<A, D>(
  all: readonly A[],
  work: (asked: A) => Promise<D>,
): Promise<readonly Outcome<A, D>[]> {
  const outcomes: Outcome<A, D>[] = [];
  for (const asked of all) {
    try {
      outcomes.push({ asked, done: await work(asked), error: null });
    } catch (refusal) {
      if (!isRefusal(refusal)) throw refusal;
      outcomes.push({ asked, done: null, error: refusal.message });
    }
  }
  return outcomes;
}

function isRefusal(error: unknown): error is Error {
  return error instanceof InvalidRequest || (error instanceof GatewayError && error.status < 500);
}
