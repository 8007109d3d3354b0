import { lstatSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ProductFacts } from '../../appliance/index.ts';
import {
  contentHash,
  filesBelow,
  type ImageIdentity,
  type ImageManifest,
  manifestPaths,
  modeOf,
  type ShippedFile,
} from '../../operator/index.ts';
import type { Manifest } from '../../packer/index.ts';
import { isMachineState } from './machine-state.ts';
import { readOwners } from './package-files.ts';

/** Where programs, libraries and settings lie; what a machine works on lies elsewhere. */
const LISTED = ['/boot', '/etc', '/opt', '/usr'];

/** What an image manifest says besides the files. */
export interface ImageManifestInputs {
  /** The root tree, complete but for the manifest itself. */
  readonly tree: string;
  readonly facts: ProductFacts;
  readonly manifest: ImageIdentity & Pick<Manifest, 'packages'>;
  readonly rehearsal: boolean;
}

/** Lists what is shipped in a root tree. */
export function imageManifest({ tree, facts, manifest, rehearsal }: ImageManifestInputs): ImageManifest {
  const { name, version, base, target, commit, packages } = manifest;
  const { directory, manifest: itself, signature } = manifestPaths(facts);
  const files = shippedFiles(tree).filter(({ path }) => path !== itself && path !== signature);
  return {
    format: 1,
    ...{ name, version, base, target, commit, rehearsal },
    documents: files.map(({ path }) => path).filter((path) => path.startsWith(`${directory}/`)),
    editable: editableFiles(facts),
    closed: [facts.paths.program, directory],
    packages: packages.map(({ name: of, version: is, architecture }) => ({
      name: of,
      version: is,
      architecture,
    })),
    files,
  };
}

/** What the operator's guide tells operators to edit, and what programs write anew on their behalf. */
function editableFiles({ paths }: ProductFacts): string[] {
  const { config, edgeSite, edgeIncludes, egressRules } = paths;
  return [
    `${dirname(config)}/`,
    // certbot's too.
    edgeSite,
    `${edgeIncludes}/`,
    '/etc/ufw/user.rules',
    '/etc/ufw/user6.rules',
    // The hour of the updates, which the guide says where to move.
    '/etc/systemd/system/apt-daily-upgrade.timer.d/litellm.conf',
    // By `litellm-ctl access egress`, from the operator's file and the place of the database.
    `${egressRules}/`,
    // By postgresql-common, for each cluster: first boot makes one. apt runs what such a file says, so a change is shown.
    '/etc/apt/apt.conf.d/02autoremove-postgresql',
  ];
}

function shippedFiles(tree: string): ShippedFile[] {
  const owners = readOwners(tree);
  return LISTED.flatMap((directory) => filesBelow(tree, directory))
    .filter((path) => !isMachineState(path))
    .sort()
    .map((path) => shippedFile(tree, path, owners.get(path)));
}

function shippedFile(tree: string, path: string, owner: string | undefined): ShippedFile {
  const full = join(tree, path);
  const stat = lstatSync(full);
  const kind = stat.isSymbolicLink() ? 'link' : 'file';
  return {
    path,
    kind,
    sha256: contentHash(full, kind),
    mode: modeOf(stat),
    uid: stat.uid,
    gid: stat.gid,
    ...(owner === undefined ? {} : { package: owner }),
  };
}
