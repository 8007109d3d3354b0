import { readFileSync } from 'node:fs';
import type { ImageIdentity } from '../operator/index.ts';
import { type Paragraph, parseDeb822 } from './base/deb822.ts';
import type { Inputs } from './inputs.ts';
import type { Timing } from './log.ts';

/** A package that is installed in the image. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
}

/** The file of an image. */
export interface ImageFile {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Of the disk inside, as the machine sees it. */
  readonly diskBytes: number;
}

/** What an image is and what it was made from. One that a cloud keeps has no file here. */
export interface BuildManifest extends ImageIdentity {
  readonly createdAt: string;
  readonly driver: string;
  /** Why this image must not be published; empty for one that may be. */
  readonly rehearsal: readonly string[];
  readonly image?: ImageFile;
  /** Versions and hashes of everything that went in. */
  readonly inputs: Inputs;
  readonly packages: readonly InstalledPackage[];
  readonly stages: readonly Timing[];
}

/** What lies beside an image. */
export interface Manifest extends BuildManifest {
  readonly image: ImageFile;
}

/** The packages that dpkg holds for installed in a root tree, by name. */
export function installedPackages(tree: string): InstalledPackage[] {
  return installedParagraphs(tree)
    .map((paragraph) => ({
      name: paragraph.get('package') ?? '',
      version: paragraph.get('version') ?? '',
      architecture: paragraph.get('architecture') ?? '',
    }))
    .sort((a, b) => a.name.localeCompare(b.name, 'en'));
}

/** Everything that dpkg knows about the packages that it holds for installed in a root tree, in its own order. */
export function installedParagraphs(tree: string): Paragraph[] {
  return parseDeb822(readFileSync(`${tree}/var/lib/dpkg/status`, 'utf8')).filter(
    (paragraph) => paragraph.get('status')?.endsWith(' installed') === true,
  );
}

/** Why an image made under these circumstances is a rehearsal. */
export function rehearsalReasons(facts: {
  readonly base: { readonly name: string; readonly rehearsal: boolean; readonly insteadOf?: string };
  readonly commit: string;
  /** What of the scans knew nothing of the world. */
  readonly scans: readonly string[];
}): string[] {
  const { base, commit, scans } = facts;
  return [
    base.insteadOf === undefined
      ? []
      : `${base.name} stands in for ${base.insteadOf}, which could not be had`,
    base.rehearsal ? "the package sources are the build host's" : [],
    commit.endsWith('-dirty') || commit === 'unknown' ? 'it was not built from a commit' : [],
    ...scans,
  ].flat();
}
