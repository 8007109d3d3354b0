import { rewriteFileAtomic } from '../appliance/index.ts';
import { withCloneNote } from './credentials.ts';
import { closeDatabaseFile, type DatabaseChoice, readDatabaseChoice } from './database-choice.ts';
import { FirstBootError } from './failure.ts';
import { clearFailure, recordFailure } from './failure-record.ts';
import { type Identity, readIdentity } from './identity.ts';
import {
  type Journal,
  type Marker,
  newJournal,
  newMarker,
  readJournal,
  readMarker,
  withDatabase,
  withoutSecrets,
  withStep,
  writeRecord,
} from './journal.ts';
import { layoutOf } from './layout.ts';
import { settleLocalCluster } from './local-cluster.ts';
import { acquireLock } from './lock.ts';
import type { Machine } from './machine.ts';
import { makeSecrets, type Secrets } from './secrets.ts';
import { ensureStateDirectory } from './state-directory.ts';
import { credentialsFile } from './steps/credentials-file.ts';
import { databaseRoles } from './steps/database-roles.ts';
import { externalDatabase } from './steps/external-database.ts';
import { grubPassword } from './steps/grub-password.ts';
import { postgresqlCluster } from './steps/postgresql-cluster.ts';
import { serviceEnvironment } from './steps/service-environment.ts';
import { stateDirectories } from './steps/state-directories.ts';
import type { Step } from './steps/step.ts';
import { ensureTlsPair } from './tls-pair.ts';

/** What happens once in a machine's life, in this order. */
const steps: Readonly<Record<DatabaseChoice['kind'], readonly Step[]>> = {
  local: [
    stateDirectories,
    postgresqlCluster,
    databaseRoles,
    serviceEnvironment,
    grubPassword,
    credentialsFile,
  ],
  // Keys and credentials do not wait for a server that others run.
  external: [stateDirectories, serviceEnvironment, grubPassword, credentialsFile, externalDatabase],
};

/**
 * Runs at every boot. Sees to the certificate, and on the first boot makes this machine itself: it continues where an
 * earlier run was cut off, and never generates anything over what is there already. Needs no network, unless the
 * operator has given the machine a database server elsewhere. A failure is recorded for the operator and thrown.
 */
export async function runFirstBoot(machine: Machine): Promise<void> {
  const progress = { step: 'prepare' };
  try {
    ensureStateDirectory(machine);
    using _lock = await acquireLock(machine);
    clearFailure(machine);
    await runLocked(machine, progress);
  } catch (error) {
    recordFailure(machine, error, progress.step);
    throw error;
  }
}

async function runLocked(machine: Machine, progress: { step: string }): Promise<void> {
  const { fs, facts } = machine;
  const layout = layoutOf(facts);
  const identity = readIdentity(fs);

  // First, and before anything that may fail: nginx needs it to show the operator what is wrong.
  progress.step = 'tls-certificate';
  await makeEdgeStartable(machine, identity);

  progress.step = 'database-choice';
  closeDatabaseFile(fs, facts);
  const database = readDatabaseChoice(fs, facts);

  progress.step = 'journal';
  const marker = readMarker(fs, layout.marker);
  const journal = readJournal(fs, layout.journal);
  if (marker === undefined) await firstBoot({ machine, identity, database }, journal, progress);
  else laterBoot(machine, identity, marker, journal);

  progress.step = 'local-cluster';
  await settleLocalCluster(machine, database);
}

async function makeEdgeStartable(machine: Machine, { machineId }: Identity): Promise<void> {
  const names = { hostNames: [machine.hostName()], addresses: machine.localAddresses() };
  const fault = await ensureTlsPair(machine, { machineId, names, mustCover: false });
  if (fault !== undefined) machine.say(`made a self-signed certificate: ${fault}`);
}

interface Circumstances {
  readonly machine: Machine;
  readonly identity: Identity;
  readonly database: DatabaseChoice;
}

async function firstBoot(
  { machine, identity, database }: Circumstances,
  found: Journal | undefined,
  progress: { step: string },
): Promise<void> {
  const { fs, facts } = machine;
  const layout = layoutOf(facts);
  refuseAnotherMachines(found, identity, facts.paths.firstbootState);
  const wanted = steps[database.kind];
  for (const step of wanted) {
    if (found?.steps[step.name] === undefined) step.refuse?.(machine);
  }

  let journal = withDatabase(found ?? beginJournal(machine, identity), database.kind);
  const secrets = secretsOf(journal, layout.journal);
  for (const step of wanted) {
    progress.step = step.name;
    if (journal.steps[step.name]?.state === 'done') continue;
    machine.say(`${step.name} ...`);
    journal = withStep(journal, step.name, 'started', machine.now());
    writeRecord(fs, layout.journal, journal);
    await step.perform({ machine, identity, secrets, database });
    journal = withStep(journal, step.name, 'done', machine.now());
    writeRecord(fs, layout.journal, journal);
  }
  progress.step = 'marker';
  writeRecord(fs, layout.marker, newMarker(identity.machineId, facts.version, machine.now()));
  writeRecord(fs, layout.journal, withoutSecrets(journal));
  machine.say('first boot is complete');
}

/** Every random value is made and stored before the first one is used. */
function beginJournal(machine: Machine, identity: Identity): Journal {
  const secrets = makeSecrets(machine.randomBytes, machine.facts, identity);
  const journal = newJournal(identity.machineId, machine.now(), secrets);
  writeRecord(machine.fs, layoutOf(machine.facts).journal, journal);
  return journal;
}

function secretsOf(journal: Journal, path: string): Secrets {
  if (journal.secrets !== undefined) return journal.secrets;
  throw new FirstBootError(
    `${path} says that first boot was complete, but its marker is gone`,
    `restore ${path} and the file 'done' beside it from one backup, then: systemctl restart litellm-firstboot`,
  );
}

function refuseAnotherMachines(journal: Journal | undefined, { machineId }: Identity, state: string): void {
  if (journal === undefined || journal.machineId === machineId) return;
  throw new FirstBootError(
    'first boot was begun on another machine, and this one would share its keys',
    `launch the original image instead; to use this disk all the same, remove ${state} and what first boot has made so far`,
  );
}

/** Nothing is made again; what is left of the secrets in our own state is dropped, and a copied machine is told so. */
function laterBoot(machine: Machine, identity: Identity, marker: Marker, journal: Journal | undefined): void {
  const { fs, facts } = machine;
  if (journal?.secrets !== undefined) writeRecord(fs, layoutOf(facts).journal, withoutSecrets(journal));
  if (marker.machineId === identity.machineId) return;
  // Neither is named: in Azure a machine's id is its first password, until somebody replaces that.
  machine.say('this machine is a copy of another: keys and data are the same');
  rewriteFileAtomic(fs, facts.paths.credentials, withCloneNote);
}
