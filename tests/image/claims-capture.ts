import { randomInt, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { clouds } from '../../firstboot/index.ts';
import { places } from '../../packer/index.ts';
import { addresses, guestAddresses, guestMac, METADATA_ADDRESS } from '../harness/network.ts';
import { spokenTo } from '../harness/spoken-to.ts';
import { facts } from './appliance.ts';
import { PROVIDER_NAME } from './provider.ts';
import { indexOf, type Name, type World } from './world.ts';

/** Nobody is there, and no machine has a reason to say anything to him. */
const STRANGER = '198.51.100.99';
const NTP_PORT = 123;
const DNS_PORT = 53;

const { http, https } = facts.ports;

/** What the machine's cloud answers it on. */
const ofTheCloud = {
  // The second place is asked where the first one is slow.
  plain: clouds.aws.endpoints.map(({ host }) => `tcp ${host} ${http}`),
  azure: [
    `tcp ${METADATA_ADDRESS} ${http}`,
    // The agent of the cloud speaks to its host: the wire server, and what runs extensions.
    `tcp 168.63.129.16 ${http}`,
    'tcp 168.63.129.16 32526',
  ],
} as const satisfies Record<Name, readonly string[]>;

/** What the machine's operator has told it to speak to: nobody has given the other one a provider. */
const ofTheOperator = {
  plain: { names: [PROVIDER_NAME], spoken: [`tcp ${addresses.provider.ipv4} ${https}`] },
  azure: { names: [], spoken: [] },
} as const satisfies Record<Name, { names: readonly string[]; spoken: readonly string[] }>;

/** Whom any machine may ask for, and then speaks to at the address that it was told; each for a reason. */
const known = [
  {
    why: 'the time, without which no certificate can be judged',
    names: timeServers(),
    spoken: `udp ${addresses.sink.ipv4} ${NTP_PORT}`,
  },
  {
    why: "security updates, from the distribution's own archives",
    names: ['deb.debian.org', 'security.debian.org'],
    spoken: `tcp ${addresses.sink.ipv4} ${http}`,
  },
] as const;

function timeServers(): string[] {
  const variables = readFileSync(join(places.ansible, 'vars/debian-13.yml'), 'utf8');
  return (parse(variables) as { cis_time_servers: string[] }).cis_time_servers;
}

/**
 * What a machine has sent since it was switched on, and which names it has asked for; comes after what it is used for, and
 * before anybody tries walls there.
 */
export function captureClaims(world: () => World, name: Name): void {
  const index = indexOf(name);
  const seen = async (): Promise<string[]> => spokenTo(await world().capture.packets(), guestMac(index));
  const asked = (): string[] => world().nameServer.namesAskedBy(guestAddresses(index).ipv4);

  test(`the ${name} machine has asked for no name but its provider's, those of time servers and of archives`, () => {
    const allowed = [...ofTheOperator[name].names, ...known.flatMap(({ names }) => names)];
    expect(asked()).toEqual(expect.arrayContaining([...ofTheOperator[name].names]));
    expect(asked().filter((other) => !allowed.includes(other))).toEqual([]);
  });

  test(`over boot, first boot and use the ${name} machine has spoken to its provider, its cloud and nobody else`, async () => {
    const spoken = await seen();
    expect(spoken).toContain(`tcp ${METADATA_ADDRESS} ${http}`);
    const allowed = [
      ...ofTheCloud[name],
      `udp ${world().nameServer.address} ${DNS_PORT}`,
      ...known.map(({ spoken: to }) => to),
    ];
    expect(spoken.filter((place) => !allowed.includes(place))).toEqual(ofTheOperator[name].spoken);
  });
}

/** Comes after `captureClaims`, to which it is as if the machine had told somebody something. */
export function plantedClaims(world: () => World): void {
  const index = indexOf('plain');

  test('the capture sees what is sent elsewhere', async () => {
    const port = randomInt(10_000, 60_000);
    await world().plain.machine.succeed(`bash -c 'echo something > /dev/udp/${STRANGER}/${port}'`);
    await vi.waitFor(async () =>
      expect(spokenTo(await world().capture.packets(), guestMac(index))).toContain(`udp ${STRANGER} ${port}`),
    );
  });

  test('the capture sees what is asked for by name', async () => {
    const name = `${randomUUID()}.example.net`;
    await world().plain.machine.succeed(`getent ahostsv4 ${name}`);
    expect(world().nameServer.namesAskedBy(guestAddresses(index).ipv4)).toContain(name);
  });
}
