import { mustRun, type ProductFacts, rewriteFileAtomic, writeFileAtomic } from '../../appliance/index.ts';
import { CLUSTER_SETTINGS } from '../cluster-settings.ts';
import { FirstBootError } from '../failure.ts';
import { CLUSTER, type Layout, layoutOf } from '../layout.ts';
import type { Machine } from '../machine.ts';
import type { Step } from './step.ts';

const MINUTE = 60_000;

/**
 * Creates the PostgreSQL cluster: in the image it would be the same on every machine. Until this step is done nothing
 * of value can be in it, so one that a power cut left half-made is thrown away and made again.
 */
export const postgresqlCluster: Step = {
  name: 'postgresql-cluster',

  refuse({ fs, facts }) {
    const { clusterConfiguration, clusterData } = layoutOf(facts);
    const found = [clusterData, clusterConfiguration].find((directory) => fs.existsSync(directory));
    if (found === undefined) return;
    throw new FirstBootError(
      `there is a PostgreSQL cluster in ${found} already, but no record that this machine's first boot made it`,
      `if it holds your data, restore ${facts.paths.firstbootState} and /etc/litellm from the backup it belongs to; ` +
        `if it holds nothing, remove it with 'pg_dropcluster --stop ${facts.postgresql} ${CLUSTER}'; ` +
        'then: systemctl restart litellm-firstboot',
    );
  },

  async perform({ machine }) {
    const { fs, run, facts, database } = machine;
    const layout = layoutOf(facts);
    // After a power cut systemd may be starting the half-made cluster at this very moment.
    await database.stop();
    removeCluster(machine, layout);
    await mustRun(run, 'pg_createcluster', createArguments(facts.postgresql, facts.ports.postgresql), {
      timeoutMs: 5 * MINUTE,
    });
    writeFileAtomic(fs, `${layout.clusterConfiguration}/conf.d/litellm.conf`, CLUSTER_SETTINGS, {
      mode: 0o644,
    });
    rewriteFileAtomic(fs, `${layout.clusterConfiguration}/pg_hba.conf`, () => accessRules(facts));
    // initdb syncs its data, but pg_createcluster does not sync the configuration it writes beside.
    await mustRun(run, 'sync', []);
  },
};

function removeCluster({ fs }: Machine, layout: Layout): void {
  for (const path of [layout.clusterConfiguration, layout.clusterData, layout.clusterLog]) {
    fs.rmSync(path, { recursive: true, force: true });
  }
}

function createArguments(major: number, port: number): string[] {
  return [
    ...[
      '--port',
      String(port),
      '--locale',
      'C.UTF-8',
      '--encoding',
      'UTF8',
      '--start-conf',
      'auto',
      '--no-status',
    ],
    // Else the cluster would serve TLS with a key of the image, which all machines share.
    ...['--pgoption', 'ssl=off'],
    ...[String(major), CLUSTER, '--', '--data-checksums', '--auth-local=peer', '--auth-host=scram-sha-256'],
  ];
}

/** Who may connect: the administrator and the schema's owner by socket, the gateway by password, nobody else. */
function accessRules({ users, database }: ProductFacts): string {
  return `# Written at first boot.
# type  database    user             address         method
local   all         postgres                         peer
local   ${database}     ${users.owner}                    peer
host    ${database}     ${users.service}          127.0.0.1/32    scram-sha-256
host    ${database}     ${users.service}          ::1/128         scram-sha-256
`;
}
