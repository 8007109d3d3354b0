/**
 * `make publish`: hands a verified image to a cloud. TARGET names it (azure, aws, gcp, digitalocean), IMAGE the directory of the
 * image (the newest if unset); DRY=1 prints each call and makes none. Credentials and settings come from the environment.
 */
import { readFacts } from '../appliance/index.ts';
import { runCommand } from '../packer/index.ts';
import { rehearsalKeyFile } from '../sbom/index.ts';
import { systemClock } from './clock.ts';
import { publish } from './publish.ts';

process.exitCode = await runCommand(async ({ log, signal }) => {
  await publish({
    ...{ facts: readFacts(), environment: process.env, clock: systemClock, rehearsalKeyFile },
    ...{ log, signal },
  });
});
