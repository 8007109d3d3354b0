import type { HygieneRule } from '../hygiene.ts';

/** By what Packer comes into a machine in a cloud, and where that is written down, up to the last step, which takes it away. */
const WAY_IN: readonly string[] = [
  '/root/.ssh/*',
  '/home/*',
  '/etc/sudoers.d/90-cloud-init-users',
  // Some sshd read their host keys anew for each connection.
  '/etc/ssh/ssh_host_*',
  // By sudo for each task of Ansible's, and by sshd.
  '/var/log',
  '/var/lib/wtmpdb/*',
  '/var/lib/lastlog/*',
];

/** What the role `generalise` takes away in a cloud: all but the way in. The copy that is judged is held against all. */
export function exceptWayIn(rules: readonly HygieneRule[]): HygieneRule[] {
  return rules.filter(({ path }) => !WAY_IN.includes(path));
}
