/** `node packer/marketplace/evidence.ts DIRECTORY USER`: started by Packer when the machine in the cloud is sealed. */
import { readFacts } from '../../appliance/index.ts';
import { runCommand } from '../command.ts';
import { Failure } from '../failure.ts';
import { benchFor } from './bench.ts';
import { makeCloudEvidence } from './cloud-evidence.ts';

process.exitCode = await runCommand(async (work) => {
  const [directory, buildUser] = process.argv.slice(2);
  if (directory === undefined || buildUser === undefined)
    throw new Failure(
      'a directory and the user of the build are wanted',
      'Packer gives the directory that prepare.ts has filled, and whom it came in as',
    );
  const facts = readFacts();
  const bench = await benchFor(facts, { directory, buildUser }, process.env, work);
  await makeCloudEvidence(facts, directory, bench, work);
});
