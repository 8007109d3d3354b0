/** `node packer/marketplace/prepare.ts`, TARGET in the environment: prepares a build in a cloud, says how to start it. */
import { readFacts } from '../../appliance/index.ts';
import { ensureAnsible } from '../ansible.ts';
import { runCommand } from '../command.ts';
import { describeCommit, sourceTime } from '../commit.ts';
import { places } from '../places.ts';
import { shellFor } from '../shell.ts';
import { prepareCloudBuild } from './cloud-build.ts';

process.exitCode = await runCommand(async ({ log, signal }) => {
  const shell = shellFor(signal);
  const target = process.env.TARGET ?? '';
  const build = {
    target,
    commit: await describeCommit(shell, places.root),
    time: await sourceTime(shell, places.root),
    today: new Date().toISOString().slice(0, 10).replaceAll('-', ''),
  };
  const directory = `${places.build}/marketplace/${target || 'none'}`;
  const { playbook: ansiblePlaybook } = await ensureAnsible();
  const { source, variables } = await log.step(`prepare a build in the cloud (${target})`, () =>
    prepareCloudBuild(readFacts(), build, { directory, ansiblePlaybook }),
  );
  const template = `${places.packer}/marketplace`;
  log.note(`packer init ${template}\npacker build -only=${source} -var-file=${variables} ${template}`);
});
