import { writeFileAtomic } from '../../appliance/index.ts';
import { renderCredentials, whereabouts } from '../credentials.ts';
import type { Step } from './step.ts';

/** The file for the operator: last of all steps, since what it says must be true by then. */
export const credentialsFile: Step = {
  name: 'credentials-file',
  perform({ machine, secrets, database }) {
    const place = whereabouts(machine.hostName(), machine.localAddresses(), {
      note: 'the network was not asked yet; this line is corrected when it was',
    });
    const text = renderCredentials({ facts: machine.facts, secrets, database, place, now: machine.now() });
    writeFileAtomic(machine.fs, machine.facts.paths.credentials, text, { mode: 0o600 });
  },
};
