import type { Facts } from '../../appliance/index.ts';
import { chooseKey, readPassphrase, type SigningKey } from '../../sbom/index.ts';
import { auditImage } from '../audit-image.ts';
import type { Work } from '../command.ts';
import { imageOptions } from '../options.ts';
import { scanImage } from '../scan-image.ts';
import { shellFor } from '../shell.ts';
import { ensureTools } from '../tools.ts';
import type { Bench, CloudMachine } from './cloud-evidence.ts';
import { diskOf, takeLastStep, unpackTree } from './machine-copy.ts';
import { readNotes } from './notes.ts';

const GiB = 2 ** 30;

/** The publisher's key, and for a rehearsal that of this checkout. */
export function keyFor(
  facts: Facts,
  rehearsal: boolean,
  environment: NodeJS.ProcessEnv,
): Promise<SigningKey> {
  return chooseKey(facts, { ...environment, RELEASE: rehearsal ? '0' : '1' }, readPassphrase);
}

/** What the machine is judged with: a virtual machine of its own disk here, or a container (AUDIT=container). */
export async function benchFor(
  facts: Facts,
  { directory, buildUser }: { directory: string; buildUser: string },
  environment: NodeJS.ProcessEnv,
  work: Work,
): Promise<Bench> {
  await ensureTools('image');
  const shell = shellFor(work.signal);
  const { audit } = imageOptions(environment, facts);
  const judges = ({ tree, machine, sbom }: CloudMachine) => ({
    audit: async () => {
      const { base, target, kernelArguments } = machine;
      const bytes = facts.image.diskGiB * GiB;
      const options = { directory: `${directory}/judged`, bytes, kernelArguments };
      const disk = audit === 'vm' ? await diskOf(shell, tree, options) : undefined;
      return auditImage({ tree, disk, facts, base, target, output: `${directory}/audit` }, work);
    },
    scan: () => scanImage({ tree, sbom, directory: `${directory}/scans` }, work),
  });
  const open = async (tree: string): Promise<void> => {
    await unpackTree(shell, `${directory}/tree.tar.gz`, tree);
    await takeLastStep(shell, tree, buildUser);
  };
  return { open, judges, key: await keyFor(facts, readNotes(directory).rehearsal, environment) };
}
