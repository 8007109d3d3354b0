import { expect, test } from 'vitest';
import { facts } from './appliance.ts';
import type { World } from './world.ts';

export function rebootClaims(world: () => World): void {
  test('after a reboot the service is back and every secret is the same', async () => {
    const { machine, client, url, credentials } = world().plain;
    const keep = `cat ${facts.paths.credentials} ${facts.paths.serviceEnv} | sha256sum`;
    const [identity, files] = [await world().plain.identity(), await machine.succeed(keep)];
    await machine.reboot();
    await machine.waitForUnit('litellm.service');
    await machine.waitForOpenPort(facts.ports.https);
    await expect
      .poll(
        async () => {
          const headers = { authorization: `Bearer ${credentials.masterKey}` };
          return (await client.fetch(`${url}/v1/models`, { headers })).status;
        },
        { timeout: 120_000, interval: 1000 },
      )
      .toBe(200);
    expect(await world().plain.identity()).toEqual(identity);
    expect(await machine.succeed(keep)).toBe(files);
  });

  test('a credentials file that the operator has deleted stays deleted', async () => {
    const { machine } = world().plain;
    await machine.succeed(`rm ${facts.paths.credentials}`);
    await machine.succeed('systemctl restart litellm-firstboot.service');
    await machine.reboot();
    await machine.waitForUnit('litellm-firstboot.service');
    await machine.fail(`test -e ${facts.paths.credentials}`);
  });
}
