import { writeFileAtomic } from '../../appliance/index.ts';
import { certifiedName } from '../certified-name.ts';
import { clouds } from '../clouds/clouds.ts';
import { renderCredentials } from '../credentials.ts';
import type { Identity } from '../identity.ts';
import { type CloudPlace, whereabouts } from '../whereabouts.ts';
import type { Step } from './step.ts';

/** The file for the operator: last of all steps, since what it says must be true by then. */
export const credentialsFile: Step = {
  name: 'credentials-file',
  perform({ machine, identity, secrets, database }) {
    const place = whereabouts({
      hostName: machine.hostName(),
      localAddresses: machine.localAddresses(),
      certifiedName: certifiedName(machine),
      note: 'the network was not asked yet; this line is corrected when it was',
      cloud: cloudOf(identity),
    });
    const text = renderCredentials({ facts: machine.facts, secrets, database, place, now: machine.now() });
    writeFileAtomic(machine.fs, machine.facts.paths.credentials, text, { mode: 0o600 });
  },
};

function cloudOf({ cloud, instanceId }: Identity): CloudPlace | undefined {
  return cloud === 'none' ? undefined : { title: clouds[cloud].title, instanceId };
}
