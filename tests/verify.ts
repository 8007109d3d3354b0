/**
 * `make verify`: holds an image to the checklist, on its disk and in booted machines. IMAGE= names its directory (the newest
 * one if unset), TARGET= the place it is meant for (the one it was baked for). Prints the table, writes verification.json
 * beside the image; ends with 0 (all passed), 1 (something failed) or 2 (something did not run).
 */
import { existsSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { readFacts } from '../appliance/index.ts';
import {
  type BootableDisk,
  bootable,
  ensureTools,
  Failure,
  freePort,
  kvmWorks,
  Machine,
  type MachineOptions,
  openWire,
  places,
  runCommand,
  shellFor,
  type Work,
} from '../packer/index.ts';
import {
  buildHostWords,
  expectedKey,
  type Guest,
  openDisk,
  pendingUpdates,
  readBuildManifest,
  rehearsalKeyFile,
  renderVerification,
  type Subject,
  usesBuildMirror,
  type Verification,
  verifyImage,
} from '../sbom/index.ts';
import { fakeAzure } from './harness/metadata/azure.ts';
import { instanceIn } from './harness/metadata/fake-clouds.ts';
import { startMetadataService } from './harness/metadata/service.ts';
import { guestAddresses, METADATA_ADDRESS, Network } from './harness/network.ts';
import { OutsideClient } from './harness/outside.ts';
import { consolesWithoutSeed } from './harness/seedless.ts';

const WORK = `${places.build}/verify`;
/** What a machine's disk has more than the image, as in a cloud. */
const MORE_GIB = 4;
const WISHED_PORT = 2322;
const UPDATE_MS = 60 * 60_000;
const facts = readFacts();

function imageDirectory(named: string | undefined): string {
  const path = named === undefined || named === '' ? `${places.build}/latest` : named;
  if (!existsSync(path)) throw new Failure(`there is no ${path}`, "make an image first: 'make image'");
  const real = realpathSync(path);
  return statSync(real).isDirectory() ? real : dirname(real);
}

type Booted = Pick<Subject, 'guest' | 'twin' | 'outside' | 'consoles'>;

/** Boots the image: twice without a data source, once by BIOS on a larger disk, once by UEFI. */
async function boot(disk: BootableDisk, cleanUp: AsyncDisposableStack, { log }: Work): Promise<Booted> {
  const network = cleanUp.use(await Network.create());
  const handle = await network.listen(METADATA_ADDRESS, 80);
  cleanUp.use(await startMetadataService(fakeAzure(instanceIn('azure')), { handles: [handle] }));
  const kvm = await kvmWorks();
  const options = async (index: number, name: string, firmware: MachineOptions['firmware']) => {
    const wire = await network.plug(index);
    return { name, firmware, directory: `${WORK}/${name}`, ...disk, wire, kvm };
  };
  const consoles = await log.step('boot without a data source, twice', async () =>
    consolesWithoutSeed(await options(1, 'seedless', 'bios'), 2),
  );
  const machines = [
    await Machine.create({ ...(await options(2, 'one', 'bios')), moreGiB: MORE_GIB }),
    await Machine.create(await options(3, 'two', 'uefi')),
  ] as const;
  for (const machine of machines) cleanUp.defer(() => machine.powerCut());
  const [guest, twin] = machines;
  await log.step('boot two machines', () =>
    Promise.all(machines.map((machine) => machine.start().then(() => machine.waitForFirstBoot()))),
  );
  const certificate = await guest.succeed(`cat ${facts.paths.tls}/cert.pem`);
  const outside = cleanUp.use(new OutsideClient(network, certificate));
  let scan: ReturnType<OutsideClient['scanPorts']> | undefined;
  return {
    guest,
    twin,
    consoles,
    outside: {
      scan: () => {
        scan ??= outside.scanPorts(guestAddresses(2).ipv4);
        return scan;
      },
    },
  };
}

/** A machine that reaches the distribution's archive, for what can be seen only there; commands may take as long as updates do. */
async function bootOnline(disk: BootableDisk, cleanUp: AsyncDisposableStack, { log }: Work): Promise<Guest> {
  const wire = openWire({ [facts.ports.ssh]: await freePort(WISHED_PORT) });
  const options = { name: 'online', firmware: 'bios', directory: `${WORK}/online`, wire } as const;
  const machine = await Machine.create({
    ...options,
    ...disk,
    kvm: await kvmWorks(),
  });
  cleanUp.defer(() => machine.powerCut());
  await log.step('boot a machine with a way out', () =>
    machine.start().then(() => machine.waitForFirstBoot()),
  );
  return {
    run: (command, input) => machine.run(command, input, UPDATE_MS),
    reboot: () => machine.reboot(),
  };
}

async function verify(work: Work): Promise<Verification> {
  const directory = imageDirectory(process.env.IMAGE);
  const manifest = readBuildManifest(directory);
  const release = process.env.RELEASE === '1';
  const made = { image: join(directory, manifest.image.file), target: manifest.target };
  await work.log.step('prerequisites', () => ensureTools('image', 'boot'));
  await using cleanUp = new AsyncDisposableStack();
  const shell = shellFor(work.signal);
  const disk = cleanUp.use(await work.log.step('read the disk', () => openDisk(shell, made, `${WORK}/disk`)));
  const start = await bootable(shell, made, `${WORK}/start`);
  const booted = await boot(start, cleanUp, work);
  const online = usesBuildMirror(manifest) ? {} : { online: await bootOnline(start, cleanUp, work) };
  // Waited for here: with the promise alone given back, the machines would be ended under the checklist.
  return await work.log.step('the checklist', () =>
    verifyImage({
      target: process.env.TARGET || manifest.target,
      facts,
      manifest,
      directory,
      publicKey: expectedKey(facts, directory, { release, rehearsalKeyFile }),
      release,
      repository: places.root,
      privateWords: buildHostWords(places.root, hostname()),
      disk,
      pendingUpdates: () => pendingUpdates(shell, disk.tree),
      ...booted,
      ...online,
    }),
  );
}

let seen: Verification | undefined;
const failed = await runCommand(async (work) => {
  seen = await verify(work);
  const file = join(imageDirectory(process.env.IMAGE), 'verification.json');
  writeFileSync(file, `${JSON.stringify(seen, null, 2)}\n`);
  process.stdout.write(renderVerification(seen));
  work.log.note(`as JSON: ${file}`);
});
process.exitCode = failed === 0 ? (seen?.exitCode ?? 1) : failed;
