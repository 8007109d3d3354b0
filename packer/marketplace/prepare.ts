/**
 * `node packer/marketplace/prepare.ts`: prepares a build in a cloud, says how to start it. TARGET names the cloud, SIGNING_KEY
 * the publisher's key; REHEARSAL=1 wants neither that key nor a tag, and nobody may publish what comes of it.
 */
import { readFacts } from '../../appliance/index.ts';
import { taggedCommit } from '../../sbom/index.ts';
import { ensureAnsible } from '../ansible.ts';
import { runCommand } from '../command.ts';
import { describeCommit, gitOf, sourceTime } from '../commit.ts';
import { places } from '../places.ts';
import { shellFor } from '../shell.ts';
import { keyFor } from './bench.ts';
import { prepareCloudBuild } from './cloud-build.ts';

process.exitCode = await runCommand(async ({ log, signal }) => {
  const facts = readFacts();
  const target = process.env.TARGET ?? '';
  const rehearsal = process.env.REHEARSAL === '1';
  // What would be refused at the end of a build is refused before a machine is paid for.
  await keyFor(facts, rehearsal, process.env);
  const git = gitOf(shellFor(signal), places.root);
  const build = {
    target,
    rehearsal,
    commit: rehearsal ? await describeCommit(git) : await taggedCommit(facts, git),
    time: await sourceTime(git),
    today: new Date().toISOString().slice(0, 10).replaceAll('-', ''),
  };
  const directory = `${places.build}/marketplace/${target || 'none'}`;
  const { playbook: ansiblePlaybook } = await ensureAnsible();
  const { source, variables } = await log.step(`prepare a build in the cloud (${target})`, () =>
    prepareCloudBuild(facts, build, { directory, ansiblePlaybook }),
  );
  const template = `${places.packer}/marketplace`;
  log.note(`packer init ${template}\npacker build -only=${source} -var-file=${variables} ${template}`);
});
