import type { BaseFacts, Facts } from '../../appliance/index.ts';
import type { Work } from '../command.ts';
import { Failure } from '../failure.ts';
import { type Base, BaseUnavailable } from './base.ts';
import { bootstrapDebian } from './bootstrap.ts';
import { officialImage } from './official-image.ts';

const SHIPPED = 'ubuntu-24.04';
const REHEARSED = 'debian-13';

/** Gets one base; what may throw BaseUnavailable. */
type Obtain = (name: string, facts: BaseFacts, work: Work) => Promise<Base>;

const obtain: Obtain = (name, { source, suite }, work) =>
  source.kind === 'bootstrap' ? bootstrapDebian(name, suite, work) : officialImage(name, source, work);

/**
 * The base by name. Without a name the one that ships; where that cannot be had it says so and takes the one that can
 * always be bootstrapped. A base that was asked for by name is never replaced.
 */
export async function chooseBase(
  facts: Facts,
  name: string | undefined,
  work: Work,
  get: Obtain = obtain,
): Promise<Base> {
  if (name !== undefined) return get(name, known(facts, name), work);
  try {
    return await get(SHIPPED, known(facts, SHIPPED), work);
  } catch (error) {
    if (!(error instanceof BaseUnavailable)) throw error;
    work.log.note(banner(error));
    return { ...(await get(REHEARSED, known(facts, REHEARSED), work)), insteadOf: SHIPPED };
  }
}

function known(facts: Facts, name: string): BaseFacts {
  const found = Object.hasOwn(facts.bases, name) ? facts.bases[name] : undefined;
  if (found !== undefined) return found;
  throw new Failure(`BASE=${name} is not known`, `choose one of ${Object.keys(facts.bases).join(', ')}`);
}

function banner(reason: BaseUnavailable): string {
  const line = '*'.repeat(78);
  return [
    line,
    `*** THIS IS NOT ${SHIPPED.toUpperCase()}.`,
    `*** ${reason.message}.`,
    `*** A rehearsal on ${REHEARSED} is baked instead; it must not be shipped.`,
    `*** To fail instead: make image BASE=${SHIPPED}`,
    line,
  ].join('\n');
}
