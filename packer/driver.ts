import type { Ansible } from './ansible.ts';
import type { Base } from './base/base.ts';
import type { LockdownRole } from './lockdown-role.ts';
import type { Packer } from './packer.ts';

/** The machines that an image can be baked in. */
export type DriverName = 'container' | 'vm';

/** What the playbook is played with. */
export interface Play {
  readonly playbook: string;
  readonly ansible: Ansible;
  readonly packer: Packer;
  /** What hardens before our own roles; absent where only they do. */
  readonly lockdown?: LockdownRole;
  /** Variables of the playbook. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** Directory for keys, logs and small files of this run. */
  readonly work: string;
  /** Size of the image's disk. */
  readonly diskBytes: number;
  /** What the target wants the kernel to be told. */
  readonly kernelArguments: readonly string[];
  /** KEEP=1: a machine in which something fails stays, and how to enter it is printed. */
  readonly keep: boolean;
}

/** The disk of a finished image, before it is compressed, and its root file system for the checks. */
export interface SealedDisk {
  readonly path: string;
  readonly format: 'raw' | 'qcow2';
  readonly tree: string;
}

/**
 * A way to get from a base to a disk. What `bake` puts into its directory is cached; `adapt` makes a copy of that a machine
 * of its target, and `generalise` and `seal` work on a copy of what they are given. Whatever the driver, the root file system is there as
 * `tree`: the evidence is made from that.
 */
export interface Driver {
  readonly name: DriverName;
  bake(base: Base, directory: string, play: Play): Promise<void>;
  /** Plays the part of the target; returns the directory with the result, inside `play.work`. */
  adapt(directory: string, play: Play): Promise<string>;
  /** As much of `seal` as it takes to have the sealed root file system; returns that. */
  generalise(directory: string, play: Play): Promise<string>;
  seal(directory: string, play: Play): Promise<SealedDisk>;
  /** KEEP=1: leaves a machine of what was baked behind, or says how to start one. */
  leave(directory: string, play: Play): Promise<void>;
}
