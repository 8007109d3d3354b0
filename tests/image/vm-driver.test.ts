/**
 * The driver on which the image ships: a small bake in a virtual machine, through Packer's qemu source, to a disk that boots.
 * `make soak` makes it a machine of Azure first, by the role that does so, which is one more machine to start.
 */
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { machineFacts, readFacts, readMachineFacts } from '../../appliance/index.ts';
import {
  baseDisk,
  chooseBase,
  compressDisk,
  createLog,
  endLeftover,
  ensureAnsible,
  ensurePacker,
  ensureTools,
  hygieneFaults,
  hygieneRules,
  kvmWorks,
  Machine,
  type Play,
  shellFor,
  vmDriver,
} from '../../packer/index.ts';
import { Network } from '../harness/network.ts';
import { keepEvidence, places } from './world.ts';

const facts = readFacts();
const directory = fileURLToPath(new URL('../../build/test/vm-driver', import.meta.url));
const rules = hygieneRules(facts);
const diskBytes = facts.image.diskGiB * 2 ** 30;
const adapts = process.env.SOAK === '1';

/** Plays the fixture's few tasks in copies of the base's disk; returns the finished image and the tree that is in it. */
async function bakeSmall(kvm: boolean): Promise<{ image: string; tree: string }> {
  const work = { log: createLog(), signal: new AbortController().signal };
  await ensureTools('image', 'boot');
  const base = await chooseBase(facts, 'debian-13', work);
  mkdirSync(`${directory}/start`, { recursive: true });
  symlinkSync(await baseDisk(base, diskBytes, work), `${directory}/start/disk.qcow2`);
  const machine = machineFacts(facts, base.name, 'azure', 'test');
  const targetFiles = `${directory}/target-files`;
  mkdirSync(targetFiles + dirname(facts.paths.machineFacts), { recursive: true });
  writeFileSync(targetFiles + facts.paths.machineFacts, JSON.stringify(machine));
  const play: Play = {
    playbook: fileURLToPath(new URL('fixtures/small-playbook.yml', import.meta.url)),
    ansible: await ensureAnsible(),
    packer: await ensurePacker(work),
    variables: { hygiene: rules, driver: 'vm', appliance: machine, target_dir: targetFiles },
    kernelArguments: machine.kernelArguments,
    work: directory,
    diskBytes,
    keep: false,
  };
  const driver = vmDriver(work, kvm);
  const start = `${directory}/start`;
  const sealed = await driver.seal(adapts ? await driver.adapt(start, play) : start, play);
  const image = `${directory}/image.qcow2`;
  await compressDisk(shellFor(work.signal), sealed, image);
  return { image, tree: sealed.tree };
}

test('a bake in a virtual machine ends in a clean disk that boots', async (context) => {
  endLeftover(directory);
  rmSync(directory, { recursive: true, force: true });
  const kvm = await kvmWorks();
  const { image, tree } = await bakeSmall(kvm);
  expect(hygieneFaults(tree, rules)).toEqual([]);
  expect(readFileSync(`${directory}/serial.log`, 'utf8')).toContain('Linux version');

  await using network = await Network.create();
  const machine = await Machine.create({
    name: 'vm-driver',
    directory: `${places.machines}/vm-driver`,
    image,
    wire: await network.plug(1),
    firmware: 'uefi',
    vcpus: 1,
    kvm,
  });
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => machine.powerCut());
  keepEvidence(context, machine);
  await machine.start();
  await machine.waitForSsh();
  expect(await machine.succeed('cat /etc/baked')).toBe('baked for debian-13 by vm\n');
  if (!adapts) return;
  expect(readMachineFacts(`${tree}${facts.paths.machineFacts}`).target).toBe('azure');
  expect(await machine.succeed('cat /proc/cmdline')).toContain(' earlyprintk=ttyS0,115200');
});
