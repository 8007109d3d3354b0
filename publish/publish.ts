import type { Facts } from '../appliance/index.ts';
import { Failure, type Log, places, sha256 } from '../packer/index.ts';
import { imageDirectory, type PublishedArtefact, readArtefact } from './artefact.ts';
import { Calls } from './calls.ts';
import type { Clock } from './clock.ts';
import type { Publication } from './cloud.ts';
import { clouds } from './clouds.ts';
import { isLoopback } from './endpoints.ts';
import { handOver } from './hand-over.ts';
import { refusals } from './refusals.ts';

/** What a publication works with. */
export interface Publishing {
  readonly facts: Facts;
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Log;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly rehearsalKeyFile: string;
  /** Where broken uploads are remembered. */
  readonly memory?: string;
}

/**
 * Publishes the image of TARGET, IMAGE (the newest one if unset). Refuses one that not everything speaks for; safe to repeat,
 * and goes on where it was broken off. With DRY=1 each call is printed and none is made.
 */
export async function publish(work: Publishing): Promise<Publication> {
  const { facts, environment, log, clock, signal } = work;
  const target = environment.TARGET ?? '';
  const dry = dryRun(environment.DRY);
  const open = clouds[target];
  if (open === undefined)
    throw new Failure(
      target === '' ? 'TARGET is not set' : `TARGET=${target} is published nowhere`,
      `choose one of ${Object.keys(clouds).join(', ')}`,
    );
  const artefact = readArtefact(imageDirectory(environment.IMAGE), target);
  const cloud = (await open())(environment, dry);
  const staysHere = dry || [...cloud.endpoints, ...cloud.identity].every(isLoopback);
  await log.step('look at the evidence', () => refuse(artefact, staysHere, work));
  const { name, version, base } = artefact.manifest;
  const calls = new Calls({ dialect: cloud.dialect, log, clock, signal, dry });
  const directory = work.memory ?? `${places.cache}/publish`;
  const memory = `${directory}/${target}-${sha256([artefact.sha256, ...cloud.endpoints].join('\n')).slice(0, 16)}.json`;
  const publication = await log.step(`publish ${name} ${version} (${base}) to ${cloud.dialect.cloud}`, () =>
    cloud.publish({ artefact, facts, calls, log, memory }),
  );
  report(publication, target, dry, log);
  return publication;
}

function dryRun(value: string | undefined): boolean {
  if (value === undefined || value === '' || value === '0') return false;
  if (value === '1') return true;
  throw new Failure(`DRY=${value} is not known`, 'choose one of 0, 1');
}

/** Throws Failure listing everything that speaks against the image; less does where all of it stays on this machine. */
async function refuse(artefact: PublishedArtefact, staysHere: boolean, work: Publishing): Promise<void> {
  const { facts, rehearsalKeyFile, clock, log } = work;
  const found = await refusals(artefact, { facts, rehearsalKeyFile, now: new Date(clock.nowMs()) });
  const counting = found.filter(({ ofRehearsal }) => !(staysHere && ofRehearsal));
  for (const { reason } of found.filter((refusal) => !counting.includes(refusal)))
    log.note(`passed over, as nothing leaves this machine: ${reason}`);
  if (counting.length === 0) return;
  throw new Failure(
    `the image is not published:\n${counting.map(({ reason }) => `  ${reason}`).join('\n')}`,
    [...new Set(counting.map(({ remedy }) => remedy))].join('; '),
  );
}

function report({ already, ids }: Publication, target: string, dry: boolean, log: Log): void {
  if (dry) log.note('DRY=1: no call was made');
  else {
    log.note(already ? 'published before; nothing was sent' : 'published');
    for (const [what, id] of Object.entries(ids)) log.note(`  ${what}: ${id}`);
  }
  const { portal, verify } = handOver[target] ?? { portal: [], verify: [] };
  log.note('left to you, in the portal:');
  for (const step of portal) log.note(`  - ${step}`);
  log.note('verify in the cloud, as nothing here can show it:');
  for (const claim of verify) log.note(`  - ${claim}`);
  log.note('docs/publisher/publishing.md explains each');
}
