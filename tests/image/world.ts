import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'vitest';
import { kvmWorks, Machine, type MachineOptions } from '../../packer/index.ts';
import { Authority } from '../harness/authority.ts';
import { Capture } from '../harness/capture.ts';
import { cloudFirmware } from '../harness/cloud-firmware.ts';
import type { FakeProvider } from '../harness/fake-provider.ts';
import { diskOf, imageFor } from '../harness/machine-image.ts';
import { fakeAws } from '../harness/metadata/aws.ts';
import { fakeAzure } from '../harness/metadata/azure.ts';
import type { FakeCloud } from '../harness/metadata/fake-cloud.ts';
import { instanceIn } from '../harness/metadata/fake-clouds.ts';
import { type FakeMetadataService, startMetadataService } from '../harness/metadata/service.ts';
import { NameServer } from '../harness/name-server.ts';
import { addresses, guestAddresses, METADATA_ADDRESS, Network } from '../harness/network.ts';
import { AcmeAuthority } from './acme-authority.ts';
import { Appliance, RECORDING } from './appliance.ts';
import { seededMoment, startWithPowerCut } from './first-boot-cut.ts';
import { PROVIDER_NAME, startProvider } from './provider.ts';

/** Where machines under test live, and where what is left of a failed test is kept. */
export const places = {
  machines: fileURLToPath(new URL('../../build/test/machines', import.meta.url)),
  failed: fileURLToPath(new URL('../../build/failed', import.meta.url)),
} as const;

/** What Azure's metadata service gives for its machine. */
export const PUBLIC_ADDRESS = '203.0.113.77';
/** The launch's password for the user, right but of no use for SSH. Strong, or the machine would refuse it. */
export const PASSWORD = `7Q-${[...randomBytes(12)].map(syllable).join('')}`;

/**
 * Neither repeats nor letters that follow each other in the alphabet: a few of those, and a password is refused as too
 * systematic.
 */
function syllable(byte: number): string {
  return `${'gkmqrswxz'[byte % 9]}${'aeiou'[byte % 5]}`;
}

/** What the disks have more than the image, as in a cloud. */
const MORE_GIB = 4;

/** How far the plain machine comes, in ms, before its first boot loses power. */
export const CUT_AFTER_MS = seededMoment();

export const names = ['plain', 'azure'] as const;
export type Name = (typeof names)[number];
/** On which wire a machine is. */
export const indexOf = (name: Name): number => names.indexOf(name) + 1;

/** Two machines from one image, the provider they call and the people outside, in a network of their own. */
export class World implements AsyncDisposable {
  readonly network: Network;
  /** Everything that was sent since before the machines were switched on. */
  readonly capture: Capture;
  /** Which names the machines have asked for since then. */
  readonly nameServer: NameServer;
  readonly authority: Authority;
  readonly provider: FakeProvider;
  /** Of both clouds: each machine is told of its own. */
  readonly metadata: FakeMetadataService;
  readonly acme: AcmeAuthority;
  readonly machines: readonly Machine[];
  readonly #booting: Readonly<Record<Name, Promise<Appliance>>>;
  readonly #up = new Map<Name, Appliance>();
  readonly #cleanUp: AsyncDisposableStack;

  private constructor(
    fixtures: Pick<
      World,
      'network' | 'capture' | 'nameServer' | 'authority' | 'provider' | 'metadata' | 'acme'
    >,
    machines: Readonly<Record<Name, BootingMachine>>,
    cleanUp: AsyncDisposableStack,
  ) {
    this.network = fixtures.network;
    this.capture = fixtures.capture;
    this.nameServer = fixtures.nameServer;
    this.authority = fixtures.authority;
    this.provider = fixtures.provider;
    this.metadata = fixtures.metadata;
    this.acme = fixtures.acme;
    this.machines = names.map((name) => machines[name].machine);
    this.#booting = { plain: machines.plain.up, azure: machines.azure.up };
    this.#cleanUp = cleanUp;
  }

  /** Made for no cloud, and booted by BIOS where firmware and metadata service say AWS; its power was cut during first boot. */
  get plain(): Appliance {
    return this.#appliance('plain');
  }

  /** Made for Azure, and booted by UEFI where firmware and metadata service say so. */
  get azure(): Appliance {
    return this.#appliance('azure');
  }

  /** Waits until the machine has completed its first boot; before that nothing can be asked of it. */
  async comeUp(name: Name): Promise<void> {
    this.#up.set(name, await this.#booting[name]);
  }

  #appliance(name: Name): Appliance {
    const appliance = this.#up.get(name);
    if (appliance === undefined) throw new Error(`the ${name} machine has not come up`);
    return appliance;
  }

  /** Switches both machines on. */
  static async create(): Promise<World> {
    await using cleanUp = new AsyncDisposableStack();
    const network = cleanUp.use(await Network.create());
    mkdirSync(places.machines, { recursive: true });
    const capture = cleanUp.use(await Capture.start(network, `${places.machines}/capture.pcap`));
    const known = { [PROVIDER_NAME]: addresses.provider.ipv4 };
    const nameServer = cleanUp.use(await NameServer.start(network, known));
    const authority = await Authority.create();
    const provider = cleanUp.use(await startProvider({ network, authority }));
    const clouds: Readonly<Record<string, FakeCloud>> = {
      [guestAddresses(indexOf('plain')).ipv4]: fakeAws(instanceIn('aws')),
      [guestAddresses(indexOf('azure')).ipv4]: fakeAzure({
        ...instanceIn('azure'),
        publicIpv4: PUBLIC_ADDRESS,
      }),
    };
    const metadata = cleanUp.use(
      await startMetadataService((address) => clouds[address], {
        handles: [await network.listen(METADATA_ADDRESS, 80)],
      }),
    );
    const acme = cleanUp.use(await AcmeAuthority.on(network));
    const kvm = await kvmWorks();
    const boot = async (
      target: string,
      options: Pick<MachineOptions, 'firmware' | 'smbios' | 'vcpus' | 'withheld'> & { readonly name: Name },
      start: (machine: Machine) => Promise<void>,
    ): Promise<BootingMachine> => {
      const index = indexOf(options.name);
      const wire = await network.plug(index, nameServer.address);
      const directory = `${places.machines}/${options.name}`;
      const machine = await Machine.create({
        ...options,
        ...(await diskOf(imageFor(target))),
        ...{ directory, moreGiB: MORE_GIB, wire, kvm, password: PASSWORD },
      });
      cleanUp.defer(() => machine.powerCut());
      const up = bootUp(machine, start, network, index);
      // Whoever waits for it is told; nobody may have come to that yet.
      up.catch(() => undefined);
      return { machine, up };
    };
    const plain = await boot(
      'qemu',
      { name: 'plain', firmware: 'bios', smbios: cloudFirmware.aws },
      (machine) => startWithPowerCut(machine, CUT_AFTER_MS),
    );
    const azure = await boot(
      'azure',
      // That AIDE records, the other machine shows.
      { name: 'azure', firmware: 'uefi', smbios: cloudFirmware.azure, vcpus: 1, withheld: [RECORDING] },
      (machine) => machine.start(),
    );
    const fixtures = { network, capture, nameServer, authority, provider, metadata, acme };
    return new World(fixtures, { plain, azure }, cleanUp.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const appliance of this.#up.values()) await appliance[Symbol.asyncDispose]();
    await this.#cleanUp.disposeAsync();
  }
}

interface BootingMachine {
  readonly machine: Machine;
  /** Settles when first boot is complete, or has failed. */
  readonly up: Promise<Appliance>;
}

async function bootUp(
  machine: Machine,
  start: (machine: Machine) => Promise<void>,
  network: Network,
  index: number,
): Promise<Appliance> {
  try {
    await start(machine);
    return await Appliance.ready(machine, network, guestAddresses(index));
  } catch (error) {
    await machine.saveEvidence(`${places.failed}/boot`);
    throw error;
  }
}

/** Keeps serial log, screen and journal of the machines when the test fails, under its name and those around it. */
export function keepEvidence({ onTestFailed }: TestContext, ...machines: readonly Machine[]): void {
  onTestFailed(async ({ task }) => {
    const directory = `${places.failed}/${task.fullTestName.replaceAll(/[^A-Za-z0-9]+/g, '-')}`;
    for (const machine of machines) await machine.saveEvidence(directory);
  });
}
