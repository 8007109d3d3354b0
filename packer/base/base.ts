import { Failure } from '../failure.ts';

/** What an image is baked from; `id` is the hash of everything that went into it. */
export interface Base {
  readonly name: string;
  readonly id: string;
  /** A root tree that nothing may write into: copy it. Absent where the base comes as a disk. */
  readonly tree?: string;
  /** A bootable disk (qcow2) that nothing may write into. Absent where the base comes as a tree. */
  readonly disk?: string;
  /** Whether something of the build host, such as its package mirror, is in it: then the image is a rehearsal. */
  readonly rehearsal: boolean;
  /** The base that this one stands in for, because that one could not be had. */
  readonly insteadOf?: string;
  /** Facts for the manifest: where it came from and what was checked. */
  readonly origin: Readonly<Record<string, string>>;
}

/** This base cannot be had from here; another one may be. */
export class BaseUnavailable extends Failure {}
