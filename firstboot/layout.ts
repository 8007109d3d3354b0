import { join } from 'node:path';
import type { MachineFacts } from '../appliance/index.ts';
import { GRUB_LOCK } from './grub-lock.ts';

/** Name of the one PostgreSQL cluster. */
export const CLUSTER = 'main';

/** Where PostgreSQL listens for programs of the same machine. */
export const DATABASE_SOCKETS = '/run/postgresql';

/** The files of first boot, below the fixed paths of the facts. */
export interface Layout {
  readonly journal: string;
  readonly marker: string;
  readonly failureReport: string;
  /** Read by nginx: stands while the last run of first boot has failed. */
  readonly failedFlag: string;
  readonly certificate: string;
  readonly certificateKey: string;
  /** Link to the directory of the pair in use. */
  readonly currentPair: string;
  readonly clusterConfiguration: string;
  readonly clusterData: string;
  readonly clusterLog: string;
  readonly databasePrograms: string;
  /** What GRUB shows and does; absent where nothing is started by GRUB. */
  readonly grubMenu: string;
  /** Program whose output update-grub puts into every menu that it makes. */
  readonly grubLockScript: string;
  /** systemd unit of the cluster. */
  readonly databaseUnit: string;
}

export function layoutOf(facts: MachineFacts): Layout {
  const { paths, postgresql } = facts;
  return {
    journal: join(paths.firstbootState, 'journal.json'),
    marker: join(paths.firstbootState, 'done'),
    failureReport: join(paths.firstbootState, 'failure.json'),
    failedFlag: join(paths.firstbootRuntime, 'failed'),
    certificate: join(paths.tls, 'cert.pem'),
    certificateKey: join(paths.tls, 'key.pem'),
    currentPair: join(paths.tls, 'current'),
    clusterConfiguration: `/etc/postgresql/${postgresql}/${CLUSTER}`,
    clusterData: `/var/lib/postgresql/${postgresql}/${CLUSTER}`,
    clusterLog: `/var/log/postgresql/postgresql-${postgresql}-${CLUSTER}.log`,
    databasePrograms: `/usr/lib/postgresql/${postgresql}/bin`,
    grubMenu: '/boot/grub/grub.cfg',
    grubLockScript: `/etc/grub.d/${GRUB_LOCK}`,
    databaseUnit: `postgresql@${postgresql}-${CLUSTER}.service`,
  };
}
