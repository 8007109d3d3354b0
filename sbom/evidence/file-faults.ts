import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { sha256OfFile } from '../../packer/index.ts';
import type { EvidenceFile, SignedEvidence } from './signed-evidence.ts';

/** What of an image and its evidence is not as it was signed. */
export async function fileFaults(
  directory: string,
  { image, files }: Pick<SignedEvidence, 'image' | 'files'>,
): Promise<string[]> {
  const faults = await Promise.all(
    [...(image === undefined ? [] : [image]), ...files].map((file) => faultOf(directory, file)),
  );
  return faults.flat();
}

async function faultOf(directory: string, file: EvidenceFile): Promise<string[]> {
  const path = join(directory, file.path);
  if (!existsSync(path)) return [`${file.path} is gone`];
  if (statSync(path).size !== file.bytes) return [`${file.path} has another size`];
  return (await sha256OfFile(path)) === file.sha256 ? [] : [`${file.path} has another content`];
}
