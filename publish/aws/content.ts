import type { PublishedArtefact } from '../artefact.ts';

const GiB = 2 ** 30;

/** Marks what holds an image, word for word: a search for it finds that content and no other. */
export function contentWords({ manifest, sha256 }: PublishedArtefact): string {
  return `${manifest.name} ${manifest.version} ${manifest.base} sha256:${sha256}`;
}

/** The same for people who sort by tags. */
export function contentTags({ manifest, sha256 }: PublishedArtefact): { Key: string; Value: string }[] {
  return [
    { Key: 'Name', Value: `${manifest.name} ${manifest.version}` },
    { Key: 'content-sha256', Value: sha256 },
  ];
}

/** Volumes are of whole GiB; a machine uses what its disk is smaller by. */
export function volumeGiB({ diskBytes }: PublishedArtefact): number {
  return Math.ceil(diskBytes / GiB);
}
