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
import { type AuditMachine, PLAIN_TARGET } from './options.ts';

/** What of an image is judged, and in which machine. */
export interface ImageToAudit {
  readonly sealed: SealedDisk;
  readonly facts: Facts;
  readonly base: string;
  readonly target: string;
  readonly ranIn: AuditMachine;
  /** Directory for the reports. */
  readonly output: string;
}

/** The judgement by the CIS benchmark, and what the same machine told besides. */
export interface ImageAudit extends MachineEvidence {
  readonly cis: Audit;
}

/** Lets a copy of the sealed image go through its first boot and looks at it there; the image stays as it is. */
export async function auditImage(image: ImageToAudit, work: Work): Promise<ImageAudit> {
  const { sealed, facts, base, target, ranIn, output } = image;
  let told: MachineEvidence = { checks: [], documents: {} };
  const options: AuditOptions = {
    ...{ tree: sealed.tree, product: productOf(base), target, output },
    // What Ubuntu would be judged by, once for all targets: a container scans in seconds, an emulated machine in half an hour.
    ...(ranIn === 'container' &&
      base !== 'ubuntu-24.04' &&
      target === PLAIN_TARGET && { rehearsal: productOf('ubuntu-24.04') }),
    alsoLook: async (machine: RootShell) => {
      told = await machineEvidence({ machine, ranIn, facts, output }, work);
    },
  };
  const place = { disk: sealed, name: 'audit', directory: `${output}/machine` };
  const cis =
    ranIn === 'container'
      ? await auditContainer(options, work)
      : await withThrowAway(place, work, (machine) => auditVm(machine, options, work));
  return { cis, ...told };
}
