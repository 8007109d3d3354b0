import { Failure } from '../../packer/index.ts';

/** What says in a benchmark which system the whole of it is for. */
const SYSTEM = /\n\s*<xccdf-1\.2:platform idref="cpe:\/o:[^"]*"\/>/g;

/**
 * Content that also judges a machine it was not written for: the one element that names its system is taken out,
 * everything else stays. Such a scan is a rehearsal and never a result. Throws Failure when there is not exactly one.
 */
export function withoutPlatform(dataStream: string): string {
  const found = dataStream.match(SYSTEM)?.length ?? 0;
  if (found !== 1)
    throw new Failure(
      `the content names ${found} systems that it is for, not one`,
      'see how it says that now',
    );
  return dataStream.replace(SYSTEM, '');
}
