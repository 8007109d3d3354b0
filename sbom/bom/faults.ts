import { installedPackages, sha256OfFile } from '../../packer/index.ts';
import { inside } from './inside.ts';
import { hashedFiles, namedPackages } from './read.ts';
import { schemaFaults } from './schema.ts';
import { strayFiles } from './stray-files.ts';

/**
 * Where a root tree and its SBOM do not agree, one line each: the schema, the packages both ways, the files that the SBOM
 * has hashes of, and programs that nobody answers for. An empty list is an SBOM that tells the whole truth.
 */
export async function sbomFaults(tree: string, sbom: string): Promise<string[]> {
  const wrong = await schemaFaults(sbom);
  if (wrong.length > 0) return wrong.map((fault) => `not valid CycloneDX 1.6: ${fault}`);
  const changed = await changedFiles(tree, sbom);
  const strays = (await strayFiles(tree, sbom)).filter(({ path }) => !changed.has(path));
  return [
    ...packageFaults(tree, sbom),
    ...changed.values(),
    ...strays.map(({ path, why }) => `${path}: ${why}`),
  ];
}

function packageFaults(tree: string, sbom: string): string[] {
  const installed = installedPackages(tree).map(
    ({ name, version, architecture }) => `${name} ${version} ${architecture}`,
  );
  const named = namedPackages(sbom);
  const held = new Set(installed);
  return [
    ...installed
      .filter((found) => !named.has(found))
      .map((found) => `package ${found} is installed and not in the SBOM`),
    ...[...named]
      .filter((found) => !held.has(found))
      .map((found) => `package ${found} is in the SBOM and not installed`),
  ];
}

/** Files whose content is not what the SBOM says, by path. */
async function changedFiles(tree: string, sbom: string): Promise<Map<string, string>> {
  const changed = new Map<string, string>();
  for (const [path, wanted] of hashedFiles(sbom)) {
    const file = inside(tree, path);
    if (file === undefined) changed.set(path, `${path} is in the SBOM and not in the image`);
    else if ((await sha256OfFile(file)) !== wanted)
      changed.set(path, `${path} has other content than the SBOM says`);
  }
  return changed;
}
