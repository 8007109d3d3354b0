/** `node packer/marketplace/evidence.ts DIRECTORY`: started by Packer, before the machine in the cloud is sealed. */
import { readFacts } from '../../appliance/index.ts';
import { runCommand } from '../command.ts';
import { Failure } from '../failure.ts';
import { shellFor } from '../shell.ts';
import { makeCloudEvidence } from './cloud-build.ts';

process.exitCode = await runCommand(async ({ log, signal }) => {
  const directory = process.argv[2];
  if (directory === undefined)
    throw new Failure('no directory is given', 'Packer gives the one that prepare.ts has filled');
  await log.step('SBOM of the machine in the cloud', () =>
    makeCloudEvidence(readFacts(), directory, shellFor(signal)),
  );
});
