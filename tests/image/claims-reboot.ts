import { beforeAll, expect, test, vi } from 'vitest';
import { type Appliance, facts } from './appliance.ts';
import { names, type World } from './world.ts';

const { credentials: credentialsFile, serviceEnv } = facts.paths;
const PATIENCE = { timeout: 180_000, interval: 1000 };

/** What no later boot may change: the machine's identity, and the secrets its services run with. */
async function memoryOf(appliance: Appliance): Promise<Record<string, string>> {
  const secrets = await appliance.machine.succeed(`sha256sum < ${serviceEnv}`);
  return { ...(await appliance.identity()), secrets };
}

export function rebootClaims(world: () => World): void {
  const before = new Map<string, Record<string, string>>();

  beforeAll(async () => {
    await Promise.all(names.map(async (name) => before.set(name, await memoryOf(world()[name]))));
    await world().plain.machine.succeed(`rm ${credentialsFile}`);
    await Promise.all(names.map((name) => world()[name].machine.reboot()));
  });

  test.each(names)('the service of the %s machine comes back by itself', async (name) => {
    const { client, url, credentials } = world()[name];
    const headers = { authorization: `Bearer ${credentials.masterKey}` };
    const status = async (): Promise<number | string> =>
      client.fetch(`${url}/v1/models`, { headers }).then((answer) => answer.status, String);
    await vi.waitFor(async () => expect(await status()).toBe(200), PATIENCE);
  });

  test.each(names)('every secret of the %s machine is the same', async (name) => {
    expect(await memoryOf(world()[name])).toEqual(before.get(name));
  });

  test('the credentials file stands, unless the operator has deleted it', async () => {
    const { plain, azure } = world();
    await plain.machine.fail(`test -e ${credentialsFile}`);
    expect(await azure.readCredentials()).toEqual(azure.credentials);
  });

  test('each cloud was asked as it wants to be asked', () => {
    const { requests, violations } = world().metadata;
    expect(requests).toEqual(expect.arrayContaining(['PUT /latest/api/token']));
    expect(requests.join('\n')).toContain('/metadata/instance');
    expect(violations).toEqual([]);
  });
}
