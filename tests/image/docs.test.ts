/**
 * The commands that the docs print for the machine and for who calls it, page by page in the order printed, carried out on
 * the image's own file system, booted in a container. What the pages are about that are not here says
 * tests/docs/guides.ts.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ofTheMachine } from '../docs/guides.ts';
import { blocksOf, commandsOf, ofAReader, pages, psqlOf, runnable } from '../docs/pages.ts';
import { Reader } from '../docs/reader.ts';
import { Authority } from '../harness/authority.ts';
import { hashed, litellmTables } from '../harness/litellm-database.ts';
import { addresses, guestAddresses, Network } from '../harness/network.ts';
import { OutsideClient } from '../harness/outside.ts';
import { facts, readCredentials } from './appliance.ts';
import { type Contained, startContained } from './contained.ts';
import { PROVIDER_NAME, startProvider } from './provider.ts';

const MINUTE = 60_000;
/** On which wire the machine is. */
const WIRE = 1;

const KEY_OF_BEFORE = hashed('sk-of-before');

/** Makes what LiteLLM has left, for the page about it: a dump of a database with one key. */
async function leaveDump(): Promise<void> {
  const key = `INSERT INTO "LiteLLM_VerificationToken" (token, key_alias) VALUES ('${KEY_OF_BEFORE}', 'before');`;
  const asPostgres = (command: string, input?: string): Promise<string> =>
    machine.succeed(`cd / && sudo -u postgres ${command}`, input);
  // The roles of this machine come into their own database alone.
  await asPostgres('createdb before');
  await asPostgres('psql -Xq --set ON_ERROR_STOP=1 before', `${litellmTables}\n${key}\n`);
  await asPostgres('pg_dump --format custom --file /var/tmp/litellm.dump before');
  await asPostgres('chmod 644 /var/tmp/litellm.dump');
  await asPostgres('dropdb before');
}

const cleanUp = new AsyncDisposableStack();
let machine: Contained;
let reader: Reader;

beforeAll(async () => {
  const network = cleanUp.use(await Network.create());
  const authority = await Authority.create();
  const provider = cleanUp.use(await startProvider({ network, authority }));
  machine = cleanUp.use(await startContained('docs', network, WIRE));
  const trust = '/usr/local/share/ca-certificates/test.crt';
  await machine.succeed(`cat > ${trust} && update-ca-certificates`, authority.certificatePem);
  await machine.succeed('cat >> /etc/hosts', `${addresses.provider.ipv4} ${PROVIDER_NAME}\n`);

  const trusted = await machine.succeed(`cat ${facts.paths.tls}/cert.pem`);
  const { masterKey } = await readCredentials(machine);
  const { ipv4 } = guestAddresses(WIRE);
  await using client = new OutsideClient(network, trusted);
  const answer = await client.fetch(`https://${ipv4}/key/generate`, {
    method: 'POST',
    headers: { authorization: `Bearer ${masterKey}`, 'content-type': 'application/json' },
    body: '{}',
  });
  const { key } = (await answer.json()) as { key: string };
  await leaveDump();
  const callId = answer.headers.get('x-litellm-call-id') ?? 'none';
  const values = { HOST: ipv4, MASTER_KEY: masterKey, KEY: key, CALL_ID: callId };
  reader = cleanUp.use(new Reader({ machine, network, trusted, providerKey: provider.apiKey, values }));
}, 10 * MINUTE);
afterAll(() => cleanUp.disposeAsync());

test.each(ofTheMachine)(
  'the commands of %s do what they say, in the order printed',
  async (page) => {
    // The page before may have ended with a restart.
    await machine.succeed('litellm-ctl status --wait 60');
    expect(await reader.follow(page)).not.toBe('');
  },
  5 * MINUTE,
);

test('the database that was taken over has the keys of before', async () => {
  const [psql, query] = [psqlOf['psql:litellm-owner'], 'SELECT key_alias FROM "LiteLLM_VerificationToken"'];
  expect(await machine.succeed(`cd / && ${psql} -XAtq`, `${query} WHERE token = '${KEY_OF_BEFORE}'`)).toBe(
    'before\n',
  );
});

test('the manual and the completion of litellm-ctl are where man and bash look for them', async () => {
  expect(await machine.succeed('man -w litellm-ctl')).toMatch(/\/man8\/litellm-ctl\.8/);
  // Each release of bash-completion has its own name for what loads a command's completion when it is first wanted.
  const load = '$(compgen -A function | grep -m 1 -E "^(_comp_load|__load_completion)$") litellm-ctl';
  const offered = 'COMP_WORDS=(litellm-ctl ver); COMP_CWORD=1; _litellm_ctl; echo "$COMPREPLY"';
  const shell = `. /usr/share/bash-completion/bash_completion; ${load}; complete -p litellm-ctl; ${offered}`;
  expect(await machine.succeed('bash', shell)).toBe('complete -F _litellm_ctl litellm-ctl\nverify\n');
});

test('the number of commands that were run here is told', () => {
  const here = ofTheMachine.flatMap((page) => runnable(page, ...ofAReader)).flatMap(commandsOf).length;
  const all = pages.flatMap(blocksOf).flatMap(commandsOf).length;
  process.stdout.write(`commands of the docs run on the machine: ${here} of ${all}\n`);
  expect(here).toBeGreaterThan(30);
});
