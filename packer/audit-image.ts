import type { Facts } from '../appliance/index.ts';
import {
  type Audit,
  type AuditOptions,
  auditContainer,
  auditVm,
  type MachineEvidence,
  machineEvidence,
  productOf,
  type RootShell,
} from '../sbom/index.ts';
import { withThrowAway } from './boot/throw-away.ts';
import type { Work } from './command.ts';
import type { SealedDisk } from './driver.ts';
import { PLAIN_TARGET } from './options.ts';

/** What of an image is judged, and in which machine. */
export interface ImageToAudit {
  /** Its sealed root tree; nothing is written into it. */
  readonly tree: string;
  /** The disk to boot an overlay of; without one the tree runs in a container. */
  readonly disk?: Pick<SealedDisk, 'path' | 'format'> | undefined;
  readonly facts: Facts;
  readonly base: string;
  readonly target: string;
  /** Directory for the reports. */
  readonly output: string;
}

/** The judgement by the CIS benchmark, and what the same machine told besides. */
export interface ImageAudit extends MachineEvidence {
  readonly cis: Audit;
}

/** Lets a copy of the sealed image go through its first boot and looks at it there; the image stays as it is. */
export async function auditImage(image: ImageToAudit, work: Work): Promise<ImageAudit> {
  const { tree, disk, facts, base, target, output } = image;
  const ranIn = disk === undefined ? 'container' : 'vm';
  let told: MachineEvidence = { checks: [], documents: {} };
  const options: AuditOptions = {
    ...{ tree, product: productOf(base), target, output },
    // What Ubuntu would be judged by, once for all targets: a container scans in seconds, an emulated machine in half an hour.
    ...(ranIn === 'container' &&
      base !== 'ubuntu-24.04' &&
      target === PLAIN_TARGET && { rehearsal: productOf('ubuntu-24.04') }),
    alsoLook: async (machine: RootShell) => {
      told = await machineEvidence({ machine, ranIn, facts, output }, work);
    },
  };
  const place = { name: 'audit', directory: `${output}/machine` };
  const cis =
    disk === undefined
      ? await auditContainer(options, work)
      : await withThrowAway({ disk, ...place }, work, (machine) => auditVm(machine, options, work));
  return { cis, ...told };
}
