import type { BaseFacts, Facts } from '../../appliance/index.ts';
import type { Work } from '../command.ts';
import { type Base, BaseUnavailable } from './base.ts';
import { bootstrapDebian } from './bootstrap.ts';
import { officialImage } from './official-image.ts';

const SHIPPED = 'ubuntu-24.04';
const REHEARSED = 'debian-13';

/**
 * The base by name. Without a name the one that ships; where that cannot be had it says so and takes the one that can
 * always be bootstrapped. A base that was asked for by name is never replaced.
 */
export async function obtainBase(facts: Facts, name: string | undefined, work: Work): Promise<Base> {
  if (name !== undefined) return obtain(name, known(facts, name), work);
  try {
    return await obtain(SHIPPED, known(facts, SHIPPED), work);
  } catch (error) {
    if (!(error instanceof BaseUnavailable)) throw error;
    work.log.note(banner(error));
    return { ...(await obtain(REHEARSED, known(facts, REHEARSED), work)), insteadOf: SHIPPED };
  }
}

function known(facts: Facts, name: string): BaseFacts {
  const found = Object.hasOwn(facts.bases, name) ? facts.bases[name] : undefined;
  if (found === undefined) {
    throw new BaseUnavailable(
      `BASE=${name} is not known`,
      `choose one of ${Object.keys(facts.bases).join(', ')}`,
    );
  }
  return found;
}

function obtain(name: string, base: BaseFacts, work: Work): Promise<Base> {
  return base.source.kind === 'bootstrap'
    ? bootstrapDebian(name, base, work)
    : officialImage(name, base.source, work);
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
