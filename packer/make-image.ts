import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Facts, machineFacts } from '../appliance/index.ts';
import {
  chooseKey,
  evidenceNames,
  makeSbom,
  readPassphrase,
  readPreviousPackages,
  writeEvidence,
} from '../sbom/index.ts';
import { ensureAnsible } from './ansible.ts';
import { makeArtefact } from './artefact/make-artefact.ts';
import { auditImage } from './audit-image.ts';
import type { Base } from './base/base.ts';
import { chooseBase } from './base/choose.ts';
import { bundlePrograms } from './bundle.ts';
import { cached, dropOthers, dropUnfinished } from './cache.ts';
import { chooseDriver } from './choose-driver.ts';
import { hardeningRole } from './cis-engine.ts';
import type { Work } from './command.ts';
import { describeCommit, gitOf, sourceTime } from './commit.ts';
import { rawDisk } from './disk/raw-disk.ts';
import type { Driver, Play } from './driver.ts';
import { closeNetwork } from './driver-container/outside.ts';
import { endLeftover } from './driver-vm/leftover.ts';
import { sha256OfFile } from './hash.ts';
import { hygieneRules } from './hygiene.ts';
import { bakeId, type Inputs, readInputs } from './inputs.ts';
import { judgeTree } from './judge-tree.ts';
import { installedPackages, type Manifest, rehearsalReasons } from './manifest.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { type ImageOptions, PLAIN_TARGET } from './options.ts';
import { imageName, writeOutput } from './output.ts';
import { ensurePacker } from './packer-program.ts';
import { places } from './places.ts';
import { makePlays } from './plays.ts';
import { scanImage } from './scan-image.ts';
import { shellFor } from './shell.ts';
import { keepAsSealed, proveNothingElse, shipReports } from './ship-reports.ts';
import { ensureTools } from './tools.ts';

const GiB = 2 ** 30;
/** Keys, logs and large files of a build, by its target; they stay after it for whoever looks for a fault. */
const WORK = `${places.build}/work`;

/** Makes an image, from its base to the directory that is handed out; returns that directory, or the one with the tree. */
export async function makeImage(facts: Facts, options: ImageOptions, work: Work): Promise<string> {
  const { log, signal } = work;
  using _lock = oneAtATime();
  await log.step('clear what earlier runs left', () => endLeftovers(options.target));
  const [packer, ansible] = await log.step('prerequisites', async () => {
    await ensureTools('image');
    return [await ensurePacker(work), await ensureAnsible()] as const;
  });
  const base = await log.step('base', () => chooseBase(facts, options.base, work));
  const lockdown = await hardeningRole(facts, base.name, options.cisEngine, ansible);
  const driver = await log.step('driver', () => chooseDriver(options.driver, work));
  const directory = `${WORK}/${base.name}-${driver.name}-${options.target}`;
  mkdirSync(directory, { recursive: true });

  const git = gitOf(shellFor(signal), places.root);
  const commit = await describeCommit(git);
  const time = await sourceTime(git);
  const machine = machineFacts(facts, base.name, options.target, commit);
  const bundles = await log.step('bundles', bundlePrograms);
  const evidence = `${directory}/evidence`;
  const hygiene = hygieneRules(facts);
  const plays = await log.step('payload', async () =>
    makePlays(facts, { base: base.name, target: options.target, commit }, bundles, {
      playbook: options.playbook ?? `${places.ansible}/playbook.yml`,
      ansible,
      packer,
      ...(lockdown && { lockdown }),
      variables: { evidence_dir: evidence, hygiene, driver: driver.name },
      work: directory,
      diskBytes: facts.image.diskGiB * GiB,
      keep: options.keep,
    }),
  );
  const { payload, target: play } = plays;
  const inputs = await readInputs(base, plays.bake, plays.bakedPayload, signal);
  const baked = await bake(base, driver, plays.bake, inputs, work);
  const adapted =
    options.target === PLAIN_TARGET
      ? baked
      : await log.step(`make it a machine of ${options.target}`, () => driver.adapt(baked, play));
  const sbom = await log.step('SBOM', async () => {
    return makeSbom({ tree: `${adapted}/tree`, payload, facts: machine, bundles, time }, shellFor(signal));
  });
  mkdirSync(evidence);
  writeFileSync(`${evidence}/sbom.json`, sbom);
  if (options.until === 'tree') {
    await log.step('generalise', () => driver.generalise(adapted, play));
    return directory;
  }
  const sealed = await log.step('generalise', async () =>
    rawDisk(shellFor(signal), await driver.seal(adapted, play)),
  );
  const asSealed = await log.step('keep what was sealed', () => keepAsSealed(sealed, work));
  if (options.audit === 'vm')
    log.note(
      'AUDIT=vm: the disk is booted and scanned whole, over ten minutes where a processor is emulated',
    );
  const { tree } = sealed;
  const audited = {
    ...{ tree, facts, base: base.name, target: options.target, output: `${directory}/audit` },
    disk: options.audit === 'vm' ? sealed : undefined,
  };
  const judgement = await judgeTree(
    { tree, facts, hygiene, sbom: { file: `${evidence}/sbom.json`, text: sbom } },
    {
      audit: () => auditImage(audited, work),
      scan: () => scanImage({ tree, sbom, directory: `${directory}/scans` }, work),
    },
    work,
  );

  const name = imageName(facts, base.name, options.target);
  const product = {
    name: facts.name,
    version: facts.version,
    base: base.name,
    target: options.target,
    commit,
    packages: installedPackages(tree),
  };
  const key = await chooseKey(facts, process.env, readPassphrase);
  const shipment = { facts: machine, manifest: product, key, reports: judgement.reports };
  const put = await log.step('put the reports into the image, signed', () =>
    shipReports(sealed, shipment, work),
  );
  await log.step('prove that nothing else differs', () => proveNothingElse(sealed, asSealed, put, work));
  const artefact = await log.step('make the artefact, and read it back', () =>
    makeArtefact(shellFor(signal), sealed.path, { target: options.target, name, directory }),
  );
  const manifest: Manifest = {
    ...product,
    createdAt: new Date().toISOString(),
    driver: driver.name,
    rehearsal: rehearsalReasons({ base, commit, scans: judgement.rehearsal }),
    image: {
      file: basename(artefact.path),
      bytes: artefact.bytes,
      sha256: await sha256OfFile(artefact.path),
      diskBytes: artefact.facts.diskBytes,
    },
    inputs,
    stages: log.timings(),
  };
  const proof = `${directory}/proof`;
  mkdirSync(proof);
  await log.step('evidence', () =>
    writeEvidence({
      directory: proof,
      facts,
      manifest,
      tree,
      documents: judgement.documents,
      rehearsal: judgement.foreign,
      checks: judgement.checks,
      previous: readPreviousPackages(process.env.PREVIOUS || 'none'),
      key,
    }),
  );
  const { directory: pieces, signed, signature, publicKey } = evidenceNames;
  const output = await writeOutput(name, manifest, [
    artefact.path,
    `${directory}/serial.log`,
    `${directory}/ansible.log`,
    `${evidence}/sbom.json`,
    ...[pieces, signed, signature, publicKey].map((part) => `${proof}/${part}`),
  ]);
  if (options.keep) await driver.leave(adapted, play);
  return output;
}

/** Ends machines that an earlier run was asked to keep, or could not end itself: they run from directories that go now. */
async function endLeftovers(target: string): Promise<void> {
  await closeNetwork();
  await dropUnfinished('bake');
  for (const name of existsSync(WORK) ? readdirSync(WORK) : []) {
    if (!name.endsWith(`-${target}`)) continue;
    endLeftover(join(WORK, name));
    await rm(join(WORK, name), { recursive: true });
  }
}

async function bake(base: Base, driver: Driver, play: Play, inputs: Inputs, { log }: Work): Promise<string> {
  const kind = `${base.name}-${driver.name}`;
  const id = bakeId(inputs, driver.name);
  const { directory, hit } = await cached('bake', `${kind}-${id}`, (unfinished) =>
    log.step('bake', () => driver.bake(base, unfinished, play)),
  );
  if (hit) log.note(`bake from the cache (${id})`);
  else dropOthers(kind, directory);
  return directory;
}
