import { randomInt } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { addresses, guestMac, METADATA_ADDRESS } from '../harness/network.ts';
import { spokenTo } from '../harness/spoken-to.ts';
import { facts } from './appliance.ts';
import { indexOf, type World } from './world.ts';

/** Nobody is there, and no machine has a reason to say anything to him. */
const STRANGER = '198.51.100.99';

/** What the plain machine has sent since it was switched on; comes after its calls, and before anybody tries walls there. */
export function captureClaims(world: () => World): void {
  const seen = async (): Promise<string[]> =>
    spokenTo(await world().capture.packets(), guestMac(indexOf('plain')));

  test('over boot, first boot and calls the machine has spoken to its provider, its cloud and nobody else', async () => {
    expect(await seen()).toEqual([
      `tcp ${METADATA_ADDRESS} ${facts.ports.http}`,
      `tcp ${addresses.provider.ipv4} ${facts.ports.https}`,
    ]);
  });

  test('the capture sees what is sent elsewhere', async () => {
    const port = randomInt(10_000, 60_000);
    const { machine } = world().plain;
    await machine.succeed(`bash -c 'echo something > /dev/udp/${STRANGER}/${port}'`);
    await vi.waitFor(async () => expect(await seen()).toContain(`udp ${STRANGER} ${port}`));
  });
}
