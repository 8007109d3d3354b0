import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { manifestPaths } from '../../operator/index.ts';
import { Failure } from '../../packer/index.ts';
import { type ImageManifestInputs, imageManifest } from './image-manifest.ts';
import { type SigningKey, signatureOf } from './signing-key.ts';

/**
 * Lists what is shipped in a root tree and puts the list, its signature and the key to check it with into the tree.
 * The last thing to be written there: SBOM and reports have to be in it.
 */
export function signManifest(
  inputs: Omit<ImageManifestInputs, 'rehearsal'>,
  key: SigningKey,
): { readonly files: number } {
  const { tree, facts } = inputs;
  const paths = manifestPaths(facts);
  write(tree, paths.publicKey, key.publicPem);
  const manifest = imageManifest({ ...inputs, rehearsal: key.rehearsal });
  const content = `${JSON.stringify(manifest, null, 1)}\n`;
  write(tree, paths.manifest, content);
  write(tree, paths.signature, `${signatureOf(key, Buffer.from(content))}\n`);
  return { files: manifest.files.length };
}

function write(tree: string, path: string, content: string): void {
  try {
    writeFileSync(join(tree, path), content, { mode: 0o644 });
  } catch (cause) {
    throw new Failure(
      `${path} cannot be written into the tree: ${(cause as Error).message}`,
      'put the SBOM there first',
      {
        cause,
      },
    );
  }
}
