import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { onTestFailed } from 'vitest';
import { kvmWorks, Machine, type MachineOptions } from '../../packer/index.ts';
import { Authority } from '../harness/authority.ts';
import { type FakeProvider, startFakeProvider } from '../harness/fake-provider.ts';
import { startMetadataService } from '../harness/imds.ts';
import { newestImage } from '../harness/machine-image.ts';
import { addresses, guestAddresses, METADATA_ADDRESS, Network } from '../harness/network.ts';
import { Appliance } from './appliance.ts';
import { seededMoment, startWithPowerCut } from './first-boot-cut.ts';

/** Where machines under test live, and where what is left of a failed test is kept. */
export const places = {
  machines: fileURLToPath(new URL('../../build/test/machines', import.meta.url)),
  failed: fileURLToPath(new URL('../../build/failed', import.meta.url)),
} as const;

/** The name under which the shipped configuration calls the provider. */
export const PROVIDER_NAME = 'api.openai.com';
/** What the metadata service gives for the machine in the cloud. */
export const PUBLIC_ADDRESS = '203.0.113.77';
/** The launch's password for the user, right but of no use for SSH. Strong, or the machine would refuse it. */
export const PASSWORD = `7Q-${[...randomBytes(12)].map(syllable).join('')}`;

/** Neither repeats nor sequences, which a password may not have. */
function syllable(byte: number): string {
  return `${'bdfgkmnprstvz'[byte % 13]}${'aeiou'[byte % 5]}`;
}

/** What the disks have more than the image, as in a cloud. */
const MORE_GIB = 4;

/** How far the plain machine comes, in ms, before its first boot loses power. */
export const CUT_AFTER_MS = seededMoment();

const azureFirmware = {
  manufacturer: 'Microsoft Corporation',
  product: 'Virtual Machine',
  chassisAssetTag: '7783-7084-3265-9085-8269-3286-77',
} as const;

/** Two machines from one image, the provider they call and the people outside, in a network of their own. */
export class World implements AsyncDisposable {
  readonly network: Network;
  readonly authority: Authority;
  readonly provider: FakeProvider;
  /** Booted by BIOS, outside any cloud; its power was cut during first boot. */
  readonly plain: Appliance;
  /** Booted by UEFI, where firmware and metadata service say Azure. */
  readonly azure: Appliance;
  readonly #cleanUp: AsyncDisposableStack;

  private constructor(
    fixtures: Pick<World, 'network' | 'authority' | 'provider'>,
    machines: Pick<World, 'plain' | 'azure'>,
    cleanUp: AsyncDisposableStack,
  ) {
    this.network = fixtures.network;
    this.authority = fixtures.authority;
    this.provider = fixtures.provider;
    this.plain = machines.plain;
    this.azure = machines.azure;
    this.#cleanUp = cleanUp;
  }

  static async create(): Promise<World> {
    const image = newestImage();
    await using cleanUp = new AsyncDisposableStack();
    const network = cleanUp.use(await Network.create());
    const authority = await Authority.create();
    const provider = cleanUp.use(
      await startFakeProvider({
        apiKey: `sk-${randomBytes(20).toString('hex')}`,
        handle: await network.listen(addresses.provider.ipv4, 443),
        tls: await authority.issue(PROVIDER_NAME),
      }),
    );
    cleanUp.use(
      await startMetadataService({
        handle: await network.listen(METADATA_ADDRESS, 80),
        publicAddress: PUBLIC_ADDRESS,
      }),
    );
    const kvm = await kvmWorks();
    const boot = async (
      index: number,
      options: Pick<MachineOptions, 'name' | 'firmware' | 'smbios'>,
      start: (machine: Machine) => Promise<void>,
    ) => {
      const wire = await network.plug(index);
      const directory = `${places.machines}/${options.name}`;
      const machine = await Machine.create({
        ...options,
        ...{ directory, image, moreGiB: MORE_GIB, wire, kvm, password: PASSWORD },
      });
      cleanUp.defer(() => machine.powerCut());
      return cleanUp.use(await bootUp(machine, start, network, index));
    };
    const [plain, azure] = await Promise.all([
      boot(1, { name: 'plain', firmware: 'bios' }, (machine) => startWithPowerCut(machine, CUT_AFTER_MS)),
      boot(2, { name: 'azure', firmware: 'uefi', smbios: azureFirmware }, (machine) => machine.start()),
    ]);
    return new World({ network, authority, provider }, { plain, azure }, cleanUp.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cleanUp.disposeAsync();
  }
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

/** Keeps serial log, screen and journal of the machines when the running test fails. */
export function keepEvidence(...machines: readonly Machine[]): void {
  onTestFailed(async ({ task }) => {
    const directory = `${places.failed}/${task.name.replaceAll(/[^A-Za-z0-9]+/g, '-')}`;
    for (const machine of machines) await machine.saveEvidence(directory);
  });
}
