import { beforeAll, expect, test, vi } from 'vitest';
import { printed } from '../docs/printed.ts';
import { type Appliance, facts, RECORDING } from './appliance.ts';
import type { Name, World } from './world.ts';

const { credentials: credentialsFile, serviceEnv } = facts.paths;
const PATIENCE = { timeout: 180_000, interval: 1000 };

/** What no later boot may change: the machine's identity, and the secrets its services run with. */
async function memoryOf(appliance: Appliance): Promise<Record<string, string>> {
  const secrets = await appliance.machine.succeed(`sha256sum < ${serviceEnv}`);
  return { ...(await appliance.identity()), secrets };
}

/** The operator of the plain machine has deleted the credentials file by then, that of the other keeps it. */
export function rebootClaims(world: () => World, name: Name): void {
  let before: Record<string, string>;

  beforeAll(async () => {
    const appliance = world()[name];
    before = await memoryOf(appliance);
    if (name === 'plain')
      await appliance.machine.succeed(
        printed('docs/operator/credentials.md', 'sudo rm /root/litellm-credentials.txt'),
      );
    await appliance.machine.reboot();
  });

  test(`the service of the ${name} machine comes back by itself`, async () => {
    const { client, url, credentials } = world()[name];
    const headers = { authorization: `Bearer ${credentials.masterKey}` };
    const status = async (): Promise<number | string> =>
      client.fetch(`${url}/v1/models`, { headers }).then((answer) => answer.status, String);
    await vi.waitFor(async () => expect(await status()).toBe(200), PATIENCE);
  });

  test(`every secret of the ${name} machine is the same`, async () => {
    expect(await memoryOf(world()[name])).toEqual(before);
  });

  test(`the credentials file of the ${name} machine is as its operator has left it`, async () => {
    const appliance = world()[name];
    if (name === 'plain') await appliance.machine.fail(`test -e ${credentialsFile}`);
    else expect(await appliance.readCredentials()).toEqual(appliance.credentials);
  });

  if (name === 'plain') {
    test('AIDE has recorded what the machine is like', async () => {
      const recorded = `while systemctl is-active --quiet ${RECORDING}; do sleep 5; done; test -s /var/lib/aide/aide.db`;
      await world().plain.machine.succeed(recorded);
    });
  }
}
