import { until } from '../../packer/index.ts';
import { debianPackage } from './debian-packages.ts';
import type { Edge } from './nginx.ts';

const SECOND = 1000;

/** A release of fail2ban to try the edge's filter with. */
export interface Fail2ban {
  readonly name: string;
  readonly env: NodeJS.ProcessEnv;
  readonly regex: string;
  readonly client: string;
  /** What the package brings; ours is not in it. */
  readonly configuration: string;
}

/** The releases of both bases: Ubuntu 24.04 has this machine's, Debian 13 a newer one. */
export async function fail2banReleases(): Promise<readonly Fail2ban[]> {
  const newer = await debianPackage('fail2ban');
  return [
    {
      name: 'installed',
      env: {},
      regex: '/usr/bin/fail2ban-regex',
      client: '/usr/bin/fail2ban-client',
      configuration: '/etc/fail2ban',
    },
    {
      name: 'Debian 13',
      env: { PYTHONPATH: `${newer}/usr/lib/python3/dist-packages` },
      regex: `${newer}/usr/bin/fail2ban-regex`,
      client: `${newer}/usr/bin/fail2ban-client`,
      configuration: `${newer}/etc/fail2ban`,
    },
  ];
}

/** Starts the real fail2ban beside the edge with the edge's jails alone: the sandbox has no journal for sshd's. */
export async function startFail2ban(edge: Edge): Promise<void> {
  edge.write('/etc/fail2ban/jail.d/zz-no-journal.local', '[sshd]\nenabled = false\n');
  edge.write('/run/fail2ban/started', '');
  edge.write('/var/lib/fail2ban/started', '');
  edge.sandbox.start(['fail2ban-server', '-xf', 'start']);
  await until('fail2ban answers', 20 * SECOND, () => edge.sandbox.run(['fail2ban-client', 'ping']));
}
