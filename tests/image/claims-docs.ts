import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { $, quote } from 'zx';
import { blocksOf, type CommandBlock, commandsOf, pages, runnable } from '../docs/pages.ts';
import { curlSettings, type Placeholders, scriptOf, typedAt } from '../docs/placeholders.ts';
import { addresses } from '../harness/network.ts';
import { facts } from './appliance.ts';
import type { Name, World } from './world.ts';

const MINUTE = 60_000;
/** Where the operator's commands are run. */
const DIRECTORY = '/run/docs';

/** Pages about the edge alone: tests/edge/docs-commands.test.ts does all that they say, to the same programs, not emulated. */
const atTheEdge = ['access-lists', 'vpn-and-cdn'].map((name) => `docs/operator/${name}.md`);
/** Pages that want neither a provider nor a file of their own; the machine in the cloud has more time for them. */
const inCloud = ['certificate', 'database', 'integrity', 'logs', 'troubleshooting'].map(
  (name) => `docs/operator/${name}.md`,
);
const withCommands = pages.filter(
  (page) => runnable(page, 'vm', 'client').length > 0 && !atTheEdge.includes(page),
);
const guides: Readonly<Record<Name, readonly string[]>> = {
  plain: withCommands.filter((page) => !inCloud.includes(page)),
  azure: withCommands.filter((page) => inCloud.includes(page)),
};

/**
 * The commands that the docs print for the machine and for clients, page by page in the order printed, on a booted machine:
 * with the operator's sudo over SSH, and with curl from outside. The model calls want the provider's key, which callClaims
 * has put into the plain machine; its credentials file has to stand still.
 */
export function docsClaims(world: () => World, name: Name): void {
  const guide = guides[name];
  let client: string;
  let values: Placeholders;

  beforeAll(async () => {
    const appliance = world()[name];
    client = mkdtempSync(join(tmpdir(), 'docs-client-'));
    writeFileSync(
      join(client, 'trusted.pem'),
      await appliance.machine.succeed(`cat ${facts.paths.tls}/cert.pem`),
    );
    const settings = { trusted: join(client, 'trusted.pem'), from: addresses.outside.ipv4 };
    writeFileSync(join(client, '.curlrc'), curlSettings(settings));
    const { masterKey } = appliance.credentials;
    const answer = await appliance.client.fetch(`${appliance.url}/key/generate`, {
      method: 'POST',
      headers: { authorization: `Bearer ${masterKey}`, 'content-type': 'application/json' },
      body: '{}',
    });
    const { key } = (await answer.json()) as { key: string };
    const callId = answer.headers.get('x-litellm-call-id') ?? 'none';
    values = { HOST: appliance.addresses.ipv4, MASTER_KEY: masterKey, KEY: key, CALL_ID: callId };
    await appliance.machine.succeed(`install -d ${DIRECTORY}`);
  });
  afterAll(() => {
    if (client !== undefined) rmSync(client, { recursive: true });
  });

  async function carryOut({ page, place, text }: CommandBlock): Promise<string> {
    const { provider, network } = world();
    const input = typedAt(page, { providerKey: provider.apiKey });
    if (place === 'vm') {
      const given = Object.entries(values).map(([name, value]) => `${name}=${quote(value)}\n`);
      // Their names are no secret, what they hold is: it goes in by standard input, before what is typed.
      const script = `cd ${DIRECTORY}; eval "$(head -c ${given.join('').length})"; ${scriptOf(text)}`;
      return world()[name].machine.succeed(script, `${given.join('')}${input}`);
    }
    const env = { ...process.env, ...values, CURL_HOME: client };
    const command = network.command('bash', '-c', scriptOf(text));
    return (await $({ quiet: true, input, env })`${command}`).stdout;
  }

  test.each(guide)(
    'the commands of %s do what they say, in the order printed',
    async (page) => {
      const said: string[] = [];
      for (const block of runnable(page, 'vm', 'client')) {
        const told = await carryOut(block).catch((error: Error) => {
          throw new Error(`${page}:${block.line}: ${error.message}`, { cause: error });
        });
        said.push(told);
      }
      expect(said.join('')).not.toBe('');
    },
    10 * MINUTE,
  );

  test('the number of commands that were run here is told', () => {
    const here = guide.flatMap((page) => runnable(page, 'vm', 'client')).flatMap(commandsOf).length;
    const all = pages.flatMap(blocksOf).flatMap(commandsOf).length;
    process.stdout.write(`commands of the docs run on the ${name} machine: ${here} of ${all}\n`);
    expect(here).toBeGreaterThan(10);
  });
}
