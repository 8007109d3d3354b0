/**
 * The quick start, followed as it is printed: commands on the machine and at the client, in its own network, and what there is
 * to do in the browser. After each step it is looked at what came of it.
 */
import { mkdirSync, rmSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { $, quote } from 'zx';
import { credentialField } from '../../firstboot/index.ts';
import { type QuickStartBlock, readForm } from '../../sbom/index.ts';
import type { FakeProvider } from '../harness/fake-provider.ts';
import type { Network } from '../harness/network.ts';
import { openBrowser } from '../harness/outside-browser.ts';
import { filledIn, type Placeholder, quickStart } from '../harness/quick-start.ts';
import { follow } from '../harness/quick-start-browser.ts';
import { served } from './acme-authority.ts';
import { type Appliance, facts } from './appliance.ts';
import { CHOSEN } from './claims-ui.ts';
import { places, type World } from './world.ts';

/** Where the buyer sits. */
const CLIENT = `${places.machines}/client`;
/** What a person has of his own, and his readiness to see the host key for the first time. */
const OWN_SSH = `set -eo pipefail
ssh() { command ssh -o UserKnownHostsFile=known_hosts -o StrictHostKeyChecking=accept-new "$@"; }
`;

/** What the step has left: what its blocks printed, in their order, and the machine. */
interface Followed {
  readonly said: readonly string[];
  /** What the machine has said of its certificate so far, to compare with what the browser shows. */
  readonly fingerprint: string | undefined;
  readonly network: Network;
  readonly appliance: Appliance;
  readonly provider: FakeProvider;
}

/** Every step of the quick start by its title, with what must have come of it. */
export const followedSteps: Readonly<Record<string, (followed: Followed) => Promise<void> | void>> = {
  Launch: async ({ appliance }) => {
    const { machine, client } = appliance;
    const { sizes, ports } = readForm('azure', facts);
    const tested = sizes.find(({ use }) => use === 'tested');
    expect(Number(await machine.succeed('nproc'))).toBe(tested?.vcpus);
    const kibibytes = Number(
      await machine.succeed("sed -n 's/^MemTotal: *\\([0-9]*\\) kB$/\\1/p' /proc/meminfo"),
    );
    // The kernel keeps some of it for itself.
    expect(Math.ceil(kibibytes / 1024 ** 2)).toBe(tested?.memoryGiB);
    expect(ports.map(({ port }) => port)).toEqual([facts.ports.ssh, facts.ports.http, facts.ports.https]);
    expect((await client.fetch(`${appliance.url}/health/liveliness`)).status).toBe(200);
  },
  'Sign in over SSH': ({ said, appliance }) => {
    expect(said[0]).toMatch(new RegExp(`uid=\\d+\\(${appliance.machine.userName}\\)`));
    expect(said[1]).toMatch(/./);
  },
  'Read the credentials': ({ said: [text = ''], appliance }) => {
    expect(credentialField(text, 'masterKey')).toBe(appliance.credentials.masterKey);
    expect(credentialField(text, 'adminPassword')).toBe(appliance.credentials.adminPassword);
  },
  'Sign in at /ui': async ({ said, fingerprint, network, appliance }) => {
    expect(said).toEqual(['Choose a new password']);
    expect(fingerprint).toBe((await served(network, appliance)).certificate.fingerprint256);
  },
  'Change the password': ({ said }) => expect(said).toEqual(['State of the machine']),
  'Add a provider key': async ({ appliance: { machine }, provider }) => {
    const { providersEnv } = facts.paths;
    expect(await machine.succeed(`tail -n 1 ${providersEnv}`)).toBe(`OPENAI_API_KEY=${provider.apiKey}\n`);
    expect(await machine.succeed(`stat -c '%a %U:%G' ${providersEnv}`)).toBe(
      `640 root:${facts.users.service}\n`,
    );
  },
  Restart: async ({ appliance: { machine } }) => {
    await machine.succeed('systemctl is-active litellm.service');
  },
  Call: ({ said: [, made = '', answered = ''], provider }) => {
    expect(JSON.parse(made)).toMatchObject({ key: expect.stringMatching(/^sk-/), key_alias: 'first-app' });
    const [request, ...others] = provider.requests;
    expect(others).toEqual([]);
    expect(request?.violation).toBeNull();
    expect(JSON.parse(answered).choices[0].message.content).toBe(request?.produced?.words.join(''));
  },
};

const steps = quickStart.map((step, index) => ({ ...step, number: index + 1 }));
/** How the user comes to the machine: the one command of the step that signs him in. */
const SIGN_IN = stepCalled('Sign in over SSH').blocks.find(({ place }) => place === 'client')?.text ?? '';
/** Its last step, which `certificateClaims` follows: it wants an authority. */
export const certificateStep = stepCalled('Certificate');

function stepCalled(name: string): (typeof steps)[number] {
  const step = steps.find(({ title }) => title === name);
  if (step === undefined) throw new Error(`the quick start has no step '${name}'`);
  return step;
}

/** Follows the quick start up to its certificate, on the plain machine, whose first password nobody has replaced yet. */
export function quickStartClaims(world: () => World): void {
  const values: Partial<Record<Placeholder, string>> = {};
  const cleanUp = new AsyncDisposableStack();
  let page: Page;
  let fingerprint: string | undefined;

  beforeAll(async () => {
    const { network, authority, plain, provider } = world();
    const { machine, credentials } = plain;
    rmSync(CLIENT, { recursive: true, force: true });
    mkdirSync(CLIENT, { recursive: true, mode: 0o700 });
    await plain.trust(authority.certificatePem);
    const browser = await openBrowser(network, CLIENT);
    cleanUp.defer(() => browser.close());
    page = await browser.newPage({ ignoreHTTPSErrors: true });
    Object.assign(values, {
      ADDRESS: plain.addresses.ipv4,
      USER: machine.userName,
      KEY_FILE: machine.key.privateKeyFile,
      ADMIN_USER: credentials.adminUser,
      INITIAL_PASSWORD: credentials.adminPassword,
      NEW_PASSWORD: CHOSEN,
      PROVIDER_KEY: provider.apiKey,
      MASTER_KEY: credentials.masterKey,
    });
  });
  afterAll(() => cleanUp.disposeAsync());

  /** Types something on his own computer, where what he types on the machine goes through SSH. */
  async function typeHere(command: string, input: string): Promise<string> {
    const shell = world().network.command('bash', '-c', `${OWN_SSH}${command}`);
    const client = $({ quiet: true, cwd: CLIENT, input: filledIn(input, values) })`${shell}`;
    // zx decodes each piece of the output alone, and a letter may lie in two of them.
    client.stdout.setEncoding('utf8');
    return (await client).stdout;
  }

  async function type({ place, text, input }: QuickStartBlock): Promise<string> {
    const typed = filledIn(text, values);
    switch (place) {
      case 'vm':
        return typeHere(`${filledIn(SIGN_IN, values)} ${quote(`set -e\n${typed}`)}`, input ?? '');
      case 'client':
        // Whoever finds himself in a shell on the machine asks who he is there.
        return typeHere(typed, input ?? 'id\n');
      case 'browser':
        return (await follow(page, typed)).join('\n');
    }
  }

  /** A key that was made is what the calls after it are made with; a fingerprint is what is compared. */
  function learn(said: string): void {
    const [, key] = /"key":\s*"(sk-[^"]+)"/.exec(said) ?? [];
    if (key !== undefined) values.VIRTUAL_KEY = key;
    fingerprint = /SHA-256 ((?:[0-9A-F]{2}:){31}[0-9A-F]{2})/.exec(said)?.[1] ?? fingerprint;
  }

  test.each(steps.filter((step) => step !== certificateStep))(
    'step $number, $title, as it is printed',
    async ({ title, blocks }) => {
      const said: string[] = [];
      for (const block of blocks) {
        said.push(await type(block));
        learn(said.at(-1) ?? '');
      }
      const look = followedSteps[title];
      if (look === undefined) throw new Error(`nobody looks at what came of the step '${title}'`);
      const { network, plain, provider } = world();
      await look({ said, fingerprint, network, appliance: plain, provider });
    },
  );
}
