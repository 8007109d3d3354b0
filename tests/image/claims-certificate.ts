import { X509Certificate } from 'node:crypto';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Gate } from '../harness/fake-provider.ts';
import { OutsideClient } from '../harness/outside.ts';
import { served, typed } from './acme-authority.ts';
import { certificateStep } from './claims-quickstart.ts';
import type { World } from './world.ts';

const PRINTED = certificateStep.blocks.map(({ text }) => text).join('\n');
/** The name that the listing's command asks a certificate for. */
const NAME = /-d (\S+)/.exec(PRINTED)?.[1] ?? '';
const SECOND_NAME = 'second.example.test';
const LIVE = '/etc/letsencrypt/live';
const MODEL = 'gpt-4o-mini';
const MINUTE = 60_000;
/** An emulated machine beside other work needs far less. */
const PATIENCE = { timeout: 5 * MINUTE, interval: 1000 };
const names = [NAME, SECOND_NAME];

async function stored({ plain }: World, name: string): Promise<X509Certificate> {
  return new X509Certificate(await plain.machine.succeed(`cat ${LIVE}/${name}/cert.pem`));
}

/** The official client, which is given a name and the root that vouches for it, and knows nothing else. */
function clientOf({ network, plain }: World, name: string, root: string): [OpenAI, OutsideClient] {
  const outside = new OutsideClient(network, root, { [name]: plain.addresses.ipv4 });
  const client = new OpenAI({
    baseURL: `https://${name}/v1`,
    apiKey: plain.credentials.masterKey,
    fetch: outside.fetch as unknown as typeof globalThis.fetch,
    maxRetries: 0,
  });
  return [client, outside];
}

async function serves(world: World, name: string, serialNumber: string): Promise<void> {
  await vi.waitFor(
    async () => expect((await served(world.network, world.plain, name)).serialNumber).toBe(serialNumber),
    PATIENCE,
  );
}

/**
 * Certificates on the plain machine, after its provider has a key (quickStartClaims). What these leave, `certificateAfterReboot`
 * finds again.
 */
export function certificateClaims(world: () => World): void {
  let introduction: AsyncDisposable;

  beforeAll(async () => {
    introduction = await world().acme.introduce(world().plain, names);
  });
  afterAll(() => introduction?.[Symbol.asyncDispose]());

  const hsts = async (name: string): Promise<string | null> => {
    const [, client] = clientOf(world(), name, world().acme.root);
    await using _client = client;
    return (await client.fetch(`https://${name}/health/readiness`)).headers.get('strict-transport-security');
  };

  test("the listing's command, typed into a terminal, has the name served with HSTS, while a stream runs on", async () => {
    const { plain, provider } = world();
    const before = (await served(world().network, world().plain, NAME)).serialNumber;
    const gate = new Gate();
    provider.script({ kind: 'answer', gate });
    gate.release();
    const running = await plain.client.fetch(`${plain.url}/v1/chat/completions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${plain.credentials.masterKey}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({
        model: MODEL,
        messages: [{ role: 'user', content: 'Say something' }],
        max_tokens: 4,
        stream: true,
      }),
    });

    const said = await typed(world().network, world().plain, PRINTED);
    expect(said).toContain(`successfully enabled HTTPS on https://${NAME}`);
    const certificate = await stored(world(), NAME);
    await serves(world(), NAME, certificate.serialNumber);
    expect(certificate.serialNumber).not.toBe(before);
    expect(await hsts(NAME)).toContain('max-age=');

    for (let count = 0; count < 10; count++) gate.release();
    expect(await running.text()).toContain('data: [DONE]');
  });

  test('the official client verifies the chain and calls by name', async () => {
    const [client, outside] = clientOf(world(), NAME, world().acme.root);
    await using _outside = outside;
    expect((await client.models.list()).data.map(({ id }) => id)).toContain(MODEL);
  });

  test("the timer's own unit renews it", async () => {
    const { machine } = world().plain;
    const before = (await served(world().network, world().plain, NAME)).serialNumber;
    await machine.succeed(
      `sed -i '1i renew_before_expiry = 9999 days' /etc/letsencrypt/renewal/${NAME}.conf`,
    );
    expect((await machine.succeed('systemctl is-active certbot.timer')).trim()).toBe('active');
    await machine.succeed('systemctl start certbot.service');
    const { serialNumber } = await stored(world(), NAME);
    expect(serialNumber).not.toBe(before);
    await serves(world(), NAME, serialNumber);
    expect(await hsts(NAME)).toContain('max-age=');
    // What comes later is not to renew it once more.
    await machine.succeed(`sed -i '1d' /etc/letsencrypt/renewal/${NAME}.conf`);
  });

  test('litellm-ctl certificate has a second name served; the first keeps its own', async () => {
    const { machine } = world().plain;
    const first = (await served(world().network, world().plain, NAME)).serialNumber;
    await machine.succeed(`litellm-ctl certificate ${SECOND_NAME} --server ${world().acme.url}`);
    await serves(world(), SECOND_NAME, (await stored(world(), SECOND_NAME)).serialNumber);
    expect((await served(world().network, world().plain, NAME)).serialNumber).toBe(first);
    const [client, outside] = clientOf(world(), SECOND_NAME, world().acme.root);
    await using _outside = outside;
    expect((await client.models.list()).data).not.toEqual([]);
  });

  test('a change of the access lists keeps them', async () => {
    const { machine } = world().plain;
    await machine.succeed('litellm-ctl access limits --connections 900');
    await machine.succeed('litellm-ctl access limits --default');
    for (const name of names) await serves(world(), name, (await stored(world(), name)).serialNumber);
  });

  test('the status names what is served to whom, and is well', async () => {
    const { machine } = world().plain;
    const shown = JSON.parse(await machine.succeed('litellm-ctl certificate status --json'));
    expect(shown.certificates).toMatchObject([
      { to: null, kind: 'self-signed', state: 'ok' },
      { to: NAME, kind: 'certbot', state: 'ok', chain: [expect.any(String), expect.any(String)] },
      { to: SECOND_NAME, kind: 'certbot', state: 'ok' },
    ]);
    expect(await machine.succeed('litellm-ctl status --wait 180')).toMatch(
      new RegExp(
        `ok +certificate ${NAME} +issued by a certificate authority, renewed by certbot, expires in`,
      ),
    );
  });
}

/** After `certificateClaims`, once the plain machine has been started anew. */
export function certificateAfterReboot(world: () => World): void {
  test.each(names)('%s is still served with its certificate', async (name) => {
    await serves(world(), name, (await stored(world(), name)).serialNumber);
  });
}
