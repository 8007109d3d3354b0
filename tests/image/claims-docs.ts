import { afterAll, beforeAll, expect, test } from 'vitest';
import { ofTheKernel } from '../docs/guides.ts';
import { Reader } from '../docs/reader.ts';
import { facts } from './appliance.ts';
import type { World } from './world.ts';

const MINUTE = 60_000;

/** What a page's commands must have said; of others it is enough that none of them fails. */
const says: Readonly<Record<string, RegExp>> = {
  'docs/operator/integrity.md': /^\S+ \S+, commit \S+: intact$/m,
};

/** The pages that want a booted machine; docs.test.ts carries out the others. */
export function docsClaims(world: () => World): void {
  let reader: Reader;

  beforeAll(async () => {
    const { azure, network, provider } = world();
    const { masterKey } = azure.credentials;
    reader = new Reader({
      machine: azure.machine,
      network,
      trusted: await azure.machine.succeed(`cat ${facts.paths.tls}/cert.pem`),
      providerKey: provider.apiKey,
      values: { HOST: azure.addresses.ipv4, MASTER_KEY: masterKey, KEY: 'none', CALL_ID: 'none' },
    });
  });
  afterAll(() => reader?.[Symbol.dispose]());

  test.each(ofTheKernel)(
    'the commands of %s do what they say, in the order printed',
    async (page) => expect(await reader.follow(page)).toMatch(says[page] ?? /./),
    10 * MINUTE,
  );
}
