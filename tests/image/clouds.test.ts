/**
 * Machines in clouds: firmware and metadata service say where each is. `make test` boots Google's from its artefact (those
 * in AWS and in Azure are the world's two machines); `make soak` goes through all seven, Azure by both its firmwares, and
 * through a machine in none.
 */
import { readFileSync } from 'node:fs';
import { NodeSSH } from 'node-ssh';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CloudName } from '../../firstboot/index.ts';
import { type Firmware, kvmWorks, Machine } from '../../packer/index.ts';
import { smbiosOf } from '../harness/cloud-firmware.ts';
import { diskOf, imageFor } from '../harness/machine-image.ts';
import { fakeClouds, instanceIds, instanceIn, toldBy } from '../harness/metadata/fake-clouds.ts';
import { type FakeMetadataService, startMetadataService } from '../harness/metadata/service.ts';
import { guestAddresses, METADATA_ADDRESS, Network } from '../harness/network.ts';
import { Appliance, facts, RECORDING } from './appliance.ts';
import { keepEvidence, places } from './world.ts';

interface CloudMachine {
  readonly cloud: CloudName | 'no cloud';
  readonly target: string;
  readonly firmware: Firmware;
}

const always: readonly CloudMachine[] = [{ cloud: 'gcp', target: 'gcp', firmware: 'uefi' }];
const inSoak: readonly CloudMachine[] = [
  { cloud: 'no cloud', target: 'qemu', firmware: 'uefi' },
  { cloud: 'aws', target: 'aws', firmware: 'uefi' },
  { cloud: 'azure', target: 'azure', firmware: 'uefi' },
  { cloud: 'azure', target: 'azure', firmware: 'bios' },
  { cloud: 'digitalocean', target: 'digitalocean', firmware: 'uefi' },
  { cloud: 'hetzner', target: 'qemu', firmware: 'uefi' },
  { cloud: 'oracle', target: 'qemu', firmware: 'uefi' },
  { cloud: 'openstack', target: 'qemu', firmware: 'uefi' },
];
const machines = process.env.SOAK === '1' ? [...always, ...inSoak] : always;

describe.each(machines)('the image for $target, in $cloud by $firmware', ({ cloud, target, firmware }) => {
  const cleanUp = new AsyncDisposableStack();
  let network: Network;
  let service: FakeMetadataService;
  let machine: Machine;
  let appliance: Appliance;

  beforeAll(async () => {
    network = cleanUp.use(await Network.create());
    service = cleanUp.use(
      await startMetadataService(
        cloud === 'no cloud' ? () => undefined : fakeClouds[cloud](instanceIn(cloud)),
        {
          handles: [await network.listen(METADATA_ADDRESS, 80)],
        },
      ),
    );
    const name = `in-${cloud}-${firmware}`;
    machine = await Machine.create({
      ...(await diskOf(imageFor(target))),
      ...{ name, directory: `${places.machines}/${name}`, firmware },
      ...{
        wire: await network.plug(1),
        smbios: cloud === 'no cloud' ? {} : smbiosOf(cloud, firmware),
        vcpus: 1,
        withheld: [RECORDING],
        kvm: await kvmWorks(),
      },
    });
    cleanUp.defer(() => machine.powerCut());
    await machine.start();
    appliance = cleanUp.use(await Appliance.ready(machine, network, guestAddresses(1)));
  });
  afterAll(() => cleanUp.disposeAsync());

  describe('come up', () => {
    beforeEach((context) => keepEvidence(context, machine));

    test('no unit has failed', async () => {
      await machine.waitForUnit('litellm.service');
      expect(await machine.succeed('systemctl list-units --failed --plain --no-legend')).toBe('');
    });

    test('the credentials file says what this cloud tells', () => {
      const { publicIp, publicIpv6, cloud: place } = appliance.credentials;
      if (cloud === 'no cloud') {
        expect([publicIp, publicIpv6, place]).toEqual([
          expect.stringMatching(/^not known: ./),
          'none known',
          'none that this machine knows',
        ]);
        return;
      }
      const { publicIpv4, publicIpv6: told, instanceId, region } = toldBy(cloud);
      if (publicIpv4 === undefined) expect(publicIp).toMatch(/^not known: ./);
      else expect(publicIp).toBe(publicIpv4);
      expect(publicIpv6).toBe(told ?? 'none known');
      expect(place).toContain(`instance ${instanceId}`);
      if (region !== undefined) expect(place).toContain(`region ${region}`);
    });

    test("the first password is what the target's listing promises", () => {
      const { adminPassword } = appliance.credentials;
      if (facts.targets[target]?.adminPassword === 'instance-id' && cloud !== 'no cloud')
        expect(adminPassword).toBe(instanceIds[cloud]);
      else expect(adminPassword).toMatch(/^[a-z2-9]{5}(-[a-z2-9]{5}){3}$/);
    });

    test('cloud-init has recognised where it is', async () => {
      const found = await machine.succeed('cat /run/cloud-init/cloud.cfg');
      // NoCloud is the disc by which the test gives a user and a key.
      expect(found).toContain('NoCloud');
      if (target === cloud) expect(found).toContain(facts.targets[target]?.datasources.at(-1));
    });

    test('it was started by this firmware', async () => {
      const { code } = await machine.run('test -d /sys/firmware/efi');
      expect(code).toBe(firmware === 'uefi' ? 0 : 1);
    });

    test("the launch's key lets root in where the cloud has the buyer come as root, and nowhere else", async () => {
      const root = { username: 'root', privateKey: readFileSync(machine.key.privateKeyFile, 'utf8') };
      const ssh = new NodeSSH();
      const { ipv4 } = appliance.addresses;
      const login = async () => ssh.connect({ ...root, sock: await network.connect(ipv4, facts.ports.ssh) });
      if (facts.targets[target]?.sshRootLogin === 'no') {
        await expect(login()).rejects.toMatchObject({ level: 'client-authentication' });
        return;
      }
      await login();
      expect((await ssh.execCommand('id -un')).stdout).toBe('root');
      ssh.dispose();
    });

    test('the agents of its target come to rest', async () => {
      await machine.waitForUnit('multi-user.target');
      if (target === 'gcp') await machine.succeed('systemctl is-active google-guest-agent.service');
    });

    test('the metadata service was asked as it wants to be asked', () => {
      expect(service.requests.length > 0).toBe(cloud !== 'no cloud');
      expect(service.violations).toEqual([]);
    });
  });
});
