import type { Facts } from '../../appliance/index.ts';
import type { Manifest } from '../../packer/index.ts';

export interface DiskPartition {
  /** In sectors. */
  readonly start: number;
  readonly size: number;
  /** GUID, upper case. */
  readonly type: string;
}

/** A disk that was read without being mounted. */
export interface Disk {
  /** A copy of the root file system, owners and modes as on the disk. */
  readonly tree: string;
  /** `gpt` or `dos`. */
  readonly label: string;
  readonly partitions: readonly DiskPartition[];
  /** Paths on the EFI system partition, upper case, such as `/EFI/BOOT/BOOTX64.EFI`. */
  readonly espFiles: readonly string[];
  /** Bytes of the raw disk. */
  read(offset: number, length: number): Buffer;
}

export interface GuestOutcome {
  readonly code: number | null;
  readonly stdout: string;
}

/** A booted machine whose first boot is complete; commands run as root, through the cloud user's sudo. */
export interface Guest {
  run(command: string, input?: string): Promise<GuestOutcome>;
  /** Restarts the system and waits for SSH. */
  reboot?(): Promise<void>;
}

/** Somebody on the other side of the network. */
export interface Outside {
  /** Tries every TCP port of the machine. */
  scan(): Promise<{ readonly open: readonly number[]; readonly refused: readonly number[] }>;
}

/** An image and everything that can be looked at to judge it; what is missing makes its rows `not-run`. */
export interface Subject {
  readonly target: string;
  readonly facts: Facts;
  /** What `make image` wrote beside the image. */
  readonly manifest: Manifest;
  /** The directory in which image, manifest and evidence lie. */
  readonly directory: string;
  /** Who must have signed; the rehearsal's key for an image that is a rehearsal. */
  readonly publicKey: string;
  /** A release takes no report of a stand-in and no rehearsal. */
  readonly release: boolean;
  /** Root of this repository. */
  readonly repository: string;
  /** Words of the build host that no image may tell: its name, the directory of the build. */
  readonly privateWords: readonly string[];
  readonly disk?: Disk;
  readonly guest?: Guest;
  /** A second machine of the same image, started by the other firmware. */
  readonly twin?: Guest;
  readonly outside?: Outside;
  /** A machine that reaches the package sources; the others reach nothing outside. */
  readonly online?: Guest;
  /** What two boots without a data source showed on their consoles. */
  readonly consoles?: readonly string[];
  /** Packages for which the image's own package sources have something newer: lines of `apt-get -s dist-upgrade`. */
  readonly pendingUpdates?: () => Promise<readonly string[]>;
}

/** Words that tell of a build host: the directory of its checkout, and its name unless that is as short as anybody's words. */
export function buildHostWords(checkout: string, hostName: string): string[] {
  return hostName.length < 5 ? [checkout] : [checkout, hostName];
}

/** Whether the image's package sources are a build host's mirror: then they say nothing of the archive. */
export function usesBuildMirror({ inputs }: Pick<Manifest, 'inputs'>): boolean {
  return inputs.base.origin.kind === 'bootstrap';
}
