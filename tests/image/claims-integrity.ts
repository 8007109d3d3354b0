import { afterAll, beforeAll, expect, test } from 'vitest';
import { ofTheKernel } from '../docs/guides.ts';
import { Reader } from '../docs/reader.ts';
import { facts } from './appliance.ts';
import type { World } from './world.ts';

const MINUTE = 60_000;

/** What the commands of each page must have said. */
const says: Readonly<Record<string, (said: string) => void>> = {
  'docs/operator/integrity.md': (said) => {
    expect(said).toMatch(/^\S+ \S+, commit \S+: intact$/m);
    expect(said).toMatch(/, 0 changed, 0 missing, 0 extra, \d+ edited, 0 updated; 0 packages updated/m);
    expect(said).toMatch(/^ +edited +\/etc\/nginx\/sites-available\/litellm /m);
  },
};

/**
 * The pages that want a booted machine; docs.test.ts carries out the others. They are followed on the plain machine, when it
 * has been set up, given certificates, started anew and attacked: what first boot, certbot and `litellm-ctl` write is no tampering.
 */
export function integrityClaims(world: () => World): void {
  let reader: Reader;

  beforeAll(async () => {
    const { plain, network, provider } = world();
    const { masterKey } = plain.credentials;
    reader = new Reader({
      machine: plain.machine,
      network,
      trusted: await plain.machine.succeed(`cat ${facts.paths.tls}/cert.pem`),
      providerKey: provider.apiKey,
      values: { HOST: plain.addresses.ipv4, MASTER_KEY: masterKey, KEY: 'none', CALL_ID: 'none' },
    });
  });
  afterAll(() => reader?.[Symbol.dispose]());

  test.each(ofTheKernel)(
    'the commands of %s do what they say, in the order printed',
    async (page) => {
      const look = says[page];
      if (look === undefined) throw new Error(`nobody looks at what the commands of ${page} say`);
      look(await reader.follow(page));
    },
    10 * MINUTE,
  );
}
