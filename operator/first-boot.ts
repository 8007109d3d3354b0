import { type FirstBootState, readFirstBootState } from '../firstboot/index.ts';
import type { Check } from './check.ts';
import type { Operator } from './operator.ts';

const NAME = 'first boot';

/** How far first boot has come, with the reason when it failed. */
export function checkFirstBoot({ machine }: Operator): Check {
  return describe(readFirstBootState(machine.fs, machine.facts));
}

function describe(state: FirstBootState): Check {
  switch (state.kind) {
    case 'done':
      return { name: NAME, state: 'ok', detail: completed(state) };
    case 'failed': {
      const { step, reason, remedy } = state.report;
      return { name: NAME, state: 'problem', detail: `failed in '${step}': ${reason}`, remedy };
    }
    case 'begun':
      return { name: NAME, state: 'waiting', detail: `under way: ${state.step}` };
    case 'not-begun':
      return { name: NAME, state: 'waiting', detail: 'has not begun' };
  }
}

function completed({ completedAt, version, copyOf }: FirstBootState & { kind: 'done' }): string {
  const copied = copyOf === undefined ? '' : `; this machine is a copy of ${copyOf} and shares its keys`;
  return `completed ${completedAt} by version ${version}${copied}`;
}
