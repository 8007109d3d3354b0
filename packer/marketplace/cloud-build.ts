import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { type Facts, machineFacts } from '../../appliance/index.ts';
import { cisTailoredOut } from '../../sbom/index.ts';
import { bundlePrograms } from '../bundle.ts';
import { Failure } from '../failure.ts';
import { hygieneRules } from '../hygiene.ts';
import { PLAIN_TARGET } from '../options.ts';
import { nodeBinary, payloadFiles, writeTargetFiles } from '../payload.ts';
import { places } from '../places.ts';
import { writeNotes } from './notes.ts';
import { exceptWayIn } from './way-in.ts';

/** What the clouds have of their own to start from. */
const BASE = 'ubuntu-24.04';
/** Each cloud's source in the template, as `packer build -only` wants it. */
const SOURCES: Readonly<Record<string, string>> = {
  azure: 'marketplace.azure-arm.azure',
  aws: 'marketplace.amazon-ebs.aws',
  gcp: 'marketplace.googlecompute.gcp',
  digitalocean: 'marketplace.digitalocean.digitalocean',
};

/** What is built, and of which commit. */
export interface CloudBuild {
  readonly target: string;
  readonly commit: string;
  /** Time of the commit, for what is to be the same whenever it is made. */
  readonly time: Date | undefined;
  /** Small, and new each day: a marketplace takes no name twice. */
  readonly today: string;
  /** Nobody may publish what comes of it. */
  readonly rehearsal: boolean;
}

/**
 * Writes into `directory` what the build in a cloud takes with it, and returns its source and the file with the
 * template's variables. Throws Failure for a target that no source is for.
 */
export async function prepareCloudBuild(
  facts: Facts,
  { target, commit, time, today, rehearsal }: CloudBuild,
  { directory, ansiblePlaybook }: { directory: string; ansiblePlaybook: string },
): Promise<{ source: string; variables: string }> {
  const source = Object.hasOwn(SOURCES, target) ? SOURCES[target] : undefined;
  if (source === undefined)
    throw new Failure(
      `no cloud builds for '${target}'`,
      `choose TARGET from ${Object.keys(SOURCES).join(', ')}`,
    );
  const machine = machineFacts(facts, BASE, target, commit);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const bundles = await bundlePrograms();
  const plain = machineFacts(facts, BASE, PLAIN_TARGET, commit);
  const targetPlaces = writeTargetFiles(
    directory,
    payloadFiles(machine, bundles),
    payloadFiles(plain, bundles),
  );
  const write = (name: string, content: unknown): string => {
    writeFileSync(`${directory}/${name}`, `${JSON.stringify(content, null, 2)}\n`);
    return `${directory}/${name}`;
  };
  writeNotes(directory, { machine, time: time?.toISOString() ?? null, rehearsal });
  const ansibleVariables = write('ansible-variables.json', {
    ...targetPlaces,
    hygiene: exceptWayIn(hygieneRules(facts)),
    driver: 'vm',
    appliance: machine,
    cis_tailored_out: cisTailoredOut(BASE, target),
  });
  const variables = write('values.pkrvars.json', {
    playbook: `${places.ansible}/playbook.yml`,
    ansible_playbook: ansiblePlaybook,
    ansible_variables: ansibleVariables,
    ansible_config: `${places.ansible}/ansible.cfg`,
    work: directory,
    evidence_command: [nodeBinary, `${places.packer}/marketplace/evidence.ts`, directory],
    image_name: `${facts.vendor.directory}-${facts.name}-ubuntu-2404-amd64-${today}`,
    image_version: facts.version,
    description: `${facts.name} ${facts.version} on Ubuntu 24.04`,
  });
  return { source, variables };
}
