import type { MachineFacts } from '../../appliance/index.ts';
import { type Bundle, Failure, places, type shellFor } from '../../packer/index.ts';
import { documentOf } from './document.ts';
import { npmPackages } from './npm-packages.ts';
import { distributionOf, osPackages } from './os-packages.ts';
import { ownFiles } from './own-files.ts';
import { schemaFaults } from './schema.ts';

/** What the SBOM of an image is made from. */
export interface SbomInputs {
  /** The root tree as it was baked. */
  readonly tree: string;
  readonly payload: string;
  readonly facts: MachineFacts;
  readonly bundles: readonly Bundle[];
  /** Of the commit; undefined outside of git. */
  readonly time: Date | undefined;
}

/**
 * The SBOM of a baked tree as CycloneDX 1.6 JSON, checked by the official schema. Throws Failure when it would not be
 * valid, or when the tree does not hold what was made for it.
 */
export async function makeSbom(inputs: SbomInputs, shell: ReturnType<typeof shellFor>): Promise<string> {
  const { tree, payload, facts, bundles, time } = inputs;
  const { packages, tools } = await npmPackages(bundles, shell);
  const program = (name: string): string => `${facts.paths.program}/${name}`;
  const text = documentOf({
    facts,
    distribution: distributionOf(tree),
    osPackages: osPackages(tree),
    npmPackages: packages,
    files: await ownFiles(tree, { payload, roles: `${places.ansible}/roles` }),
    node: { path: program('bin/node'), version: process.versions.node },
    bundles: new Map(bundles.map((bundle) => [program(bundle.name), bundle.packages])),
    tools,
    time,
  });
  const faults = await schemaFaults(text);
  if (faults.length > 0)
    throw new Failure(`the SBOM would not be valid:\n${faults.join('\n')}`, 'correct what sbom/bom/ writes');
  return text;
}
