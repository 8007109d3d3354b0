import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Shell } from 'zx';
import type { Facts, MachineFacts } from '../../appliance/index.ts';
import {
  makeSbom,
  readPreviousPackages,
  refuseOpen,
  type SigningKey,
  sbomPath,
  writeEvidence,
} from '../../sbom/index.ts';
import { bundlePrograms } from '../bundle.ts';
import type { Work } from '../command.ts';
import { sha256OfTree } from '../hash.ts';
import { hygieneRules } from '../hygiene.ts';
import { type Inputs, sourceInputs } from '../inputs.ts';
import { type Judgement, type Judges, judgeTree } from '../judge-tree.ts';
import { type BuildManifest, installedPackages, rehearsalReasons } from '../manifest.ts';
import { places } from '../places.ts';
import { shellFor } from '../shell.ts';
import { putReports } from '../ship-reports.ts';
import { type Notes, readNotes } from './notes.ts';

/** The machine as it will be left: its root tree, who it is, and its SBOM. */
export interface CloudMachine {
  readonly tree: string;
  readonly machine: MachineFacts;
  readonly sbom: string;
}

/** Who turns the fetched archive into the machine as it will be left, who judges that, and who vouches for it. */
export interface Bench {
  /** Makes the tree from what Packer has fetched, without the way in. */
  open(tree: string): Promise<void>;
  judges(of: CloudMachine): Judges;
  readonly key: SigningKey;
}

/**
 * The build host's part of a build in a cloud: makes the SBOM of the machine's root tree, judges the tree as an image that
 * is baked here is judged, signs the list of what it holds and writes the evidence into `<directory>/proof`. Ends with
 * `<directory>/evidence.tar`: what the machine is still given. Throws Failure for what no marketplace may get; a check that
 * did not run is only passed over in a rehearsal.
 */
export async function makeCloudEvidence(
  facts: Facts,
  directory: string,
  { open, judges, key }: Bench,
  work: Work,
): Promise<void> {
  const { log, signal } = work;
  const shell = shellFor(signal);
  const notes = readNotes(directory);
  const { machine } = notes;
  const [tree, archive] = [`${directory}/tree`, `${directory}/evidence.tar`];
  rmSync(archive, { force: true });
  await log.step('the machine as it will be left', () => open(tree));
  const sbom = await log.step('SBOM', () => putSbom(tree, directory, notes, shell));

  const of = { tree, machine, sbom };
  const judgement = await judgeTree(
    { tree, facts, hygiene: hygieneRules(facts), sbom: { file: `${directory}/sbom.json`, text: sbom } },
    judges(of),
    work,
  );
  const manifest = manifestOf(of, directory, judgement, work);
  const put = await log.step('put the reports into the copy, signed', async () =>
    putReports(tree, { facts: machine, manifest, key, reports: judgement.reports }),
  );
  const proof = `${directory}/proof`;
  rmSync(proof, { recursive: true, force: true });
  mkdirSync(proof);
  const signed = await log.step('evidence', () =>
    writeEvidence({
      ...{ directory: proof, facts, manifest, tree, key },
      documents: judgement.documents,
      rehearsal: judgement.foreign,
      checks: judgement.checks,
      previous: readPreviousPackages(process.env.PREVIOUS || 'none'),
    }),
  );
  if (!notes.rehearsal) refuseOpen(signed);
  const files = [sbomPath(facts), ...put].map((path) => `.${path}`);
  const asShipped = ['--owner=0', '--group=0', '--numeric-owner', '--mode=0644'];
  await shell`tar --create ${asShipped} --file=${archive} --directory=${tree} ${files}`;
}

async function putSbom(tree: string, directory: string, notes: Notes, shell: Shell): Promise<string> {
  const { machine, time } = notes;
  const made = time === null ? undefined : new Date(time);
  const of = { tree, payload: `${directory}/payload`, facts: machine, time: made };
  const sbom = await makeSbom({ ...of, bundles: await bundlePrograms() }, shell);
  const place = `${tree}${sbomPath(machine)}`;
  mkdirSync(dirname(place), { recursive: true });
  for (const file of [place, `${directory}/sbom.json`]) {
    writeFileSync(file, sbom);
    chmodSync(file, 0o644);
  }
  return sbom;
}

function manifestOf(
  { tree, machine }: CloudMachine,
  directory: string,
  judgement: Judgement,
  { log }: Work,
): BuildManifest {
  const { name, version, base, target, commit } = machine;
  const source = { name: base, rehearsal: false };
  return {
    ...{ name, version, base, target, commit },
    packages: installedPackages(tree),
    createdAt: new Date().toISOString(),
    driver: 'cloud',
    rehearsal: rehearsalReasons({ base: source, commit, scans: judgement.rehearsal }),
    inputs: inputsOf(tree, machine, directory),
    stages: log.timings(),
  };
}

function inputsOf(tree: string, { base, target }: MachineFacts, directory: string): Inputs {
  const template = `${places.packer}/marketplace`;
  // The cloud's Ubuntu says here which of its builds it is.
  const build = `${tree}/etc/cloud/build.info`;
  return {
    base: {
      id: `${base} of ${target}`,
      origin: {
        kind: 'marketplace-build',
        source: `source-${target}.pkr.hcl`,
        build: existsSync(build) ? readFileSync(build, 'utf8') : 'not told',
      },
    },
    payload: sha256OfTree(`${directory}/payload`),
    ...sourceInputs(`${places.ansible}/playbook.yml`, template),
    tools: { node: process.version },
  };
}
