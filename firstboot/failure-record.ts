import { writeFileAtomic } from '../appliance/index.ts';
import { reportOf } from './failure.ts';
import { layoutOf } from './layout.ts';
import type { Machine } from './machine.ts';

/** For everyone who opens the splash page: that it failed, and nothing about how. */
const NEUTRAL =
  'The first boot of this machine did not complete. Its operator can see why with: litellm-ctl status\n';

/**
 * Keeps what failed: for `litellm-ctl status` with its reason, for the splash page without. When even that cannot be
 * written, only the first trouble matters to the operator, and the caller still reports it.
 */
export function recordFailure(machine: Machine, error: unknown, step: string): void {
  const { fs, facts } = machine;
  const layout = layoutOf(facts);
  const report = reportOf(error, step, machine.now());
  const records = [
    () => writeFileAtomic(fs, layout.failureReport, `${JSON.stringify(report, null, 2)}\n`, { mode: 0o600 }),
    () => {
      fs.mkdirSync(facts.paths.firstbootRuntime, { recursive: true, mode: 0o755 });
      writeFileAtomic(fs, layout.failedFlag, NEUTRAL, { mode: 0o644 });
    },
  ];
  for (const record of records) {
    try {
      record();
    } catch (trouble) {
      machine.say(`the failure could not be recorded: ${(trouble as Error).message}`);
    }
  }
}

/** Takes back what an earlier run has recorded. */
export function clearFailure({ fs, facts }: Machine): void {
  const { failureReport, failedFlag } = layoutOf(facts);
  fs.rmSync(failureReport, { force: true });
  fs.rmSync(failedFlag, { force: true });
}
