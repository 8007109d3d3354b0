/** Random commands on several processes, held against sums over a list of calls; over PostgreSQL in tests/integration. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MemoryBank } from '../../../tests/harness/budget-bank.ts';
import { modelRuns, runModel } from '../../../tests/harness/ledger-commands.ts';

const RUNS = 1500;
/** Twenty seconds of processor, and the machine may be baking an image beside it. */
const PATIENCE = { timeout: 5 * 60_000 };

test.each(['strict', 'compatible'] as const)(
  '%s: never overspent, never falsely denied, nothing lost, whatever happens in whatever order',
  PATIENCE,
  async (enforcement) => {
    const options = { enforcement, maxSteps: 40 };
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(modelRuns(options), async (run) => {
        runs++;
        await runModel(new MemoryBank(), run, options);
      }),
      { numRuns: RUNS },
    );
    expect(runs).toBeGreaterThanOrEqual(RUNS);
  },
);
