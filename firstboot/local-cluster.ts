import { join } from 'node:path';
import { readTextIfAny, writeFileAtomic } from '../appliance/index.ts';
import { startDatabase } from './database.ts';
import type { DatabaseChoice } from './database-choice.ts';
import { FirstBootError } from './failure.ts';
import { layoutOf } from './layout.ts';
import type { Machine } from './machine.ts';

const RETIRED = `# Written by first boot: another database server is in use. Without its file, first boot writes 'auto' again.
manual
`;

const IN_USE = `# Written by first boot.
auto
`;

/**
 * Makes the machine's own cluster rest while another server is in use, with all its data kept, and brings it back when
 * none is. An operator's own setting of when it starts is left alone.
 */
export async function settleLocalCluster(machine: Machine, { kind }: DatabaseChoice): Promise<void> {
  const { fs, facts, database } = machine;
  const { clusterConfiguration } = layoutOf(facts);
  if (kind === 'local') requireLocalCluster(machine);
  if (!fs.existsSync(clusterConfiguration)) return;
  const path = join(clusterConfiguration, 'start.conf');
  const isRetired = readTextIfAny(fs, path) === RETIRED;
  const write = (text: string): void => {
    const { uid, gid } = fs.statSync(clusterConfiguration);
    writeFileAtomic(fs, path, text, { mode: 0o644, owner: { uid, gid } });
  };
  if (kind === 'external' && !isRetired) {
    // In this order, so that what a power cut leaves half done is seen and done again.
    await database.stop();
    write(RETIRED);
    machine.say(`${facts.paths.databaseEnv} names another server: the machine's own one is stopped and kept`);
  }
  if (kind === 'local' && isRetired) {
    await startDatabase(machine);
    write(IN_USE);
    machine.say("the machine's own database server is in use again");
  }
}

/** Throws FirstBootError when this machine has never had a database server of its own. */
export function requireLocalCluster({ fs, facts }: Machine): void {
  if (fs.existsSync(layoutOf(facts).clusterConfiguration)) return;
  const { databaseEnv } = facts.paths;
  throw new FirstBootError(
    `this machine has no database server of its own: at its first boot ${databaseEnv} named another one`,
    `put ${databaseEnv} back, then: litellm-ctl database apply; for a machine with a database of its own, launch a new one`,
  );
}
