import { type Facts, machineFacts } from '../appliance/index.ts';
import { cisTailoredOut } from '../sbom/index.ts';
import type { Bundle } from './bundle.ts';
import type { Play } from './driver.ts';
import { PLAIN_TARGET } from './options.ts';
import { payloadFiles, writePayload, writeTargetFiles } from './payload.ts';

/** What two plays have in common. */
type Shared = Omit<Play, 'kernelArguments'>;

export interface Plays {
  /** For every target. */
  readonly bake: Play;
  /** Hash of the files of ours that are baked. */
  readonly bakedPayload: string;
  /** For the one target: what it has instead, and the end. */
  readonly target: Play;
  /** Directory with all files of ours in a machine of the target: `<role>/<path on the machine>`. */
  readonly payload: string;
}

/** Writes the files of ours, as they are baked and as the target has them, below `shared.work`. */
export function makePlays(
  facts: Facts,
  of: { readonly base: string; readonly target: string; readonly commit: string },
  bundles: readonly Bundle[],
  shared: Shared,
): Plays {
  const bakedPlace = `${shared.work}/baked-payload`;
  const machineOf = (target: string) => machineFacts(facts, of.base, target, of.commit);
  const baked = payloadFiles(machineOf(PLAIN_TARGET), bundles);
  const targetPlaces = writeTargetFiles(shared.work, payloadFiles(machineOf(of.target), bundles), baked);
  const playFor = (target: string, variables: Readonly<Record<string, unknown>>): Play => ({
    ...shared,
    kernelArguments: machineOf(target).kernelArguments,
    variables: {
      ...shared.variables,
      appliance: machineOf(target),
      cis_tailored_out: cisTailoredOut(of.base, target),
      ...variables,
    },
  });
  return {
    bake: playFor(PLAIN_TARGET, { payload_dir: bakedPlace }),
    bakedPayload: writePayload(bakedPlace, baked),
    target: playFor(of.target, targetPlaces),
    payload: targetPlaces.payload_dir,
  };
}
