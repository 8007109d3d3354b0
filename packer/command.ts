import { Failure } from './failure.ts';
import { createLog, type Log, stepOf } from './log.ts';

/** What a command of this room works with: its log, and the signal that ends it early. */
export interface Work {
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Runs a command to its exit code. A first SIGINT or SIGTERM aborts `work.signal`, so that everything opened is
 * closed in order; the last line on stderr names the failing step and what to do. DEBUG=1 adds the stack.
 */
export async function runCommand(
  action: (work: Work) => Promise<void>,
  log: Log = createLog(),
): Promise<number> {
  const abort = new AbortController();
  const interrupt = (signal: NodeJS.Signals) =>
    abort.abort(
      new Failure(`interrupted by ${signal}`, 'nothing is left behind; run it again when you like'),
    );
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    await action({ log, signal: abort.signal });
    return 0;
  } catch (thrown) {
    const error = abort.signal.aborted ? (abort.signal.reason as Error) : (thrown as Error);
    const place = stepOf(thrown as Error);
    if (process.env.DEBUG !== undefined) process.stderr.write(`${(thrown as Error).stack}\n`);
    process.stderr.write(`failed${place === undefined ? '' : ` in ${place}`}: ${describe(error)}\n`);
    return 1;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

function describe(error: Error): string {
  const remedy =
    error instanceof Failure ? error.remedy : 'run again with DEBUG=1 to see where it comes from';
  return `${error.message.trim()}\n=> ${remedy}`;
}
