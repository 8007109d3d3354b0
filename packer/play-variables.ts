import { writeFileSync } from 'node:fs';
import type { Play } from './driver.ts';
import type { Stage } from './packer-run.ts';
import { places } from './places.ts';
import type { SshKey } from './ssh.ts';

/** The template's variables that every source shares; writes the playbook's own variables beside them. */
export function playVariables(play: Play, stage: Stage, key: SshKey): Record<string, string> {
  const ansibleVariables = `${play.work}/ansible-variables.json`;
  const variables = { ...play.variables, ...(play.lockdown && { cis_lockdown_role: play.lockdown.path }) };
  writeFileSync(ansibleVariables, JSON.stringify(variables, null, 2));
  return {
    playbook: play.playbook,
    ansible_playbook: play.ansible.playbook,
    ansible_variables: ansibleVariables,
    ansible_config: `${places.ansible}/ansible.cfg`,
    ansible_log: `${play.work}/ansible.log`,
    changes: `${play.work}/${stage}.changes`,
    ssh_private_key_file: key.privateKeyFile,
  };
}
