import { setTimeout as pause } from 'node:timers/promises';
import { examineDatabase } from '../external-database.ts';
import { FirstBootError } from '../failure.ts';
import type { Step } from './step.ts';

const SECOND = 1000;
const PAUSE_MS = 5 * SECOND;
/** A server that is made together with this machine may come later than it. */
const PATIENCE_MS = 5 * 60 * SECOND;

/** In place of a cluster and roles of our own: sees that the operator's server can be used as it is meant. */
export const externalDatabase: Step = {
  name: 'external-database',
  async perform({ machine, database }) {
    if (database.kind === 'local') return;
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const finding = await examineDatabase(machine, database);
      if (finding.kind === 'good') {
        machine.say(`database: ${finding.detail}`);
        if (finding.note !== undefined) machine.say(`note: ${finding.note}`);
        return;
      }
      if (!finding.passing || performance.now() > deadline) {
        throw new FirstBootError(
          finding.reason,
          `${finding.remedy}; the file is ${machine.facts.paths.databaseEnv}; then: litellm-ctl database apply`,
        );
      }
      machine.say(`${finding.reason}; asking again`);
      await pause(PAUSE_MS);
    }
  },
};
