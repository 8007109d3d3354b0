import { X509Certificate } from 'node:crypto';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { MachineFacts } from '../../appliance/index.ts';
import { renderEdge } from '../../nginx/index.ts';
import { blocksOf } from '../docs/pages.ts';
import { Authority } from '../harness/authority.ts';
import { Gate } from '../harness/fake-provider.ts';
import { addresses } from '../harness/network.ts';
import { startPypiClient } from '../harness/official-clients/pypi.ts';
import { OutsideClient } from '../harness/outside.ts';
import { type Served, served, typed } from './acme-authority.ts';
import { facts } from './appliance.ts';
import { certificateStep } from './claims-quickstart.ts';
import type { World } from './world.ts';

const PRINTED = certificateStep.blocks.map(({ text }) => text).join('\n');
/** The name that the listing's command asks a certificate for. */
const NAME = /-d (\S+)/.exec(PRINTED)?.[1] ?? '';
const SECOND_NAME = 'second.example.test';
/** It leads to the machine, whose port 80 is closed meanwhile. */
const CLOSED = 'closed.example.test';
const ELSEWHERE = 'elsewhere.example.test';
/** The authority has no address for it. */
const NOWHERE = 'nowhere.example.test';
/** Of a company that is an authority of its own. */
const COMPANY = 'gw.corp.example';
/** Past UFW, whose command takes an emulated machine half a minute each time. `act` is an option of iptables. */
const port80 = (act: '-I' | '-D'): string => `iptables ${act} INPUT -p tcp --dport 80 -j DROP`;
const LIVE = '/etc/letsencrypt/live';
const MODEL = 'gpt-4o-mini';
const MINUTE = 60_000;
/** An emulated machine beside other work needs far less. */
const PATIENCE = { timeout: 5 * MINUTE, interval: 1000 };
const names = [NAME, SECOND_NAME];

async function stored({ plain }: World, name: string): Promise<X509Certificate> {
  return new X509Certificate(await plain.machine.succeed(`cat ${LIVE}/${name}/cert.pem`));
}

/** What the operator's guide says to do where the machine's own certificate is wanted again: `rm`, `systemctl`. */
function wayBack(): string {
  const blocks = blocksOf('docs/operator/certificate.md');
  return blocks.find(({ text }) => text.includes(`${facts.paths.tls}/current`))?.text ?? 'false';
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

const shows = ({ network, plain }: World, name?: string): Promise<Served> => served(network, plain, name);

async function serial(world: World, name?: string): Promise<string> {
  return (await shows(world, name)).certificate.serialNumber;
}

/** Waits until the machine shows this certificate, as it may have been told to a moment ago; what comes with it. */
function serves(world: World, name: string | undefined, serialNumber: string): Promise<Served> {
  return vi.waitFor(async () => {
    const shown = await shows(world, name);
    expect(shown.certificate.serialNumber).toBe(serialNumber);
    return shown;
  }, PATIENCE);
}

/**
 * Certificates on the plain machine, after its provider has a key (quickStartClaims). What these leave, `certificateAfterReboot`
 * finds again.
 */
export function certificateClaims(world: () => World): void {
  let introduction: AsyncDisposable;

  beforeAll(async () => {
    const { acme, nameServer, plain } = world();
    const here = Object.fromEntries([...names, CLOSED].map((name) => [name, plain.addresses.ipv4]));
    nameServer.lead(here);
    introduction = await acme.introduce(plain, { ...here, [ELSEWHERE]: addresses.sink.ipv4 });
  });
  afterAll(() => introduction?.[Symbol.asyncDispose]());

  test("the listing's command, typed into a terminal, has the name served with HSTS, while a stream runs on", async () => {
    const { plain, provider } = world();
    const before = await shows(world(), NAME);
    expect(before.hsts).toBeUndefined();
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
    const { serialNumber } = await stored(world(), NAME);
    expect(serialNumber).not.toBe(before.certificate.serialNumber);
    expect((await serves(world(), NAME, serialNumber)).hsts).toContain('max-age=');

    for (let count = 0; count < 10; count++) gate.release();
    expect(await running.text()).toContain('data: [DONE]');
  });

  describe('the official client', () => {
    test('of npm verifies the chain and calls by name', async () => {
      const [client, outside] = clientOf(world(), NAME, world().acme.root);
      await using _outside = outside;
      expect((await client.models.list()).data.map(({ id }) => id)).toContain(MODEL);
    });

    test('of PyPI does so too, and takes no chain that it cannot verify', async () => {
      const { acme, plain } = world();
      const call = { does: 'models', url: `https://${NAME}`, key: plain.credentials.masterKey } as const;
      await using client = await startPypiClient(acme.clientSurroundings(acme.root));
      expect((await client.ask(call)).answer).toContain(MODEL);
      await using stranger = await startPypiClient(acme.clientSurroundings());
      expect((await stranger.ask(call)).error).toMatchObject({ class: 'APIConnectionError' });
    });
  });

  test("the timer's own unit renews it", async () => {
    const { machine } = world().plain;
    const before = await serial(world(), NAME);
    await machine.succeed(
      `sed -i '1i renew_before_expiry = 9999 days' /etc/letsencrypt/renewal/${NAME}.conf`,
    );
    expect((await machine.succeed('systemctl is-active certbot.timer')).trim()).toBe('active');
    await machine.succeed('systemctl start certbot.service');
    const { serialNumber } = await stored(world(), NAME);
    expect(serialNumber).not.toBe(before);
    expect((await serves(world(), NAME, serialNumber)).hsts).toContain('max-age=');
    // What comes later is not to renew it once more.
    await machine.succeed(`sed -i '1d' /etc/letsencrypt/renewal/${NAME}.conf`);
  });

  test('a site that an upgrade writes anew gets it back before nginx takes the site over', async () => {
    const { machine } = world().plain;
    const before = await serial(world(), NAME);
    const own = JSON.parse(await machine.succeed(`cat ${facts.paths.machineFacts}`)) as MachineFacts;
    const site = renderEdge(own).find(({ path }) => path === own.paths.edgeSite);
    await machine.succeed(`cat > ${own.paths.edgeSite}`, site?.content);
    expect(await machine.fail(`grep ${LIVE}/${NAME}/ ${own.paths.edgeSite}`)).toBe('');
    await machine.succeed('litellm-ctl certificate apply');
    await machine.succeed(`grep ${LIVE}/${NAME}/ ${own.paths.edgeSite}`);
    expect((await serves(world(), NAME, before)).hsts).toContain('max-age=');
  });

  test('litellm-ctl certificate has a second name served; the first keeps its own', async () => {
    const { machine } = world().plain;
    const first = await serial(world(), NAME);
    await machine.succeed(`litellm-ctl certificate ${SECOND_NAME} --server ${world().acme.url}`);
    await serves(world(), SECOND_NAME, (await stored(world(), SECOND_NAME)).serialNumber);
    expect(await serial(world(), NAME)).toBe(first);
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

  describe('where a name leads elsewhere, or port 80 is closed', () => {
    let before: readonly Served[];
    beforeAll(async () => {
      before = await Promise.all(names.map((name) => shows(world(), name)));
      await world().plain.machine.succeed(port80('-I'));
    });
    afterAll(() => world().plain.machine.succeed(port80('-D')));

    test('litellm-ctl certificate says which in a line each, and what to do; the old certificates stay', async () => {
      const { plain, acme } = world();
      const asked = [CLOSED, ELSEWHERE, NOWHERE].join(' ');
      const said = await plain.machine.fail(`litellm-ctl certificate ${asked} --server ${acme.url}`);
      expect(said).toMatch(new RegExp(`the authority cannot reach port 80 of ${CLOSED}: `));
      const there = `the authority cannot reach port 80 of ${ELSEWHERE}; it leads to ${addresses.sink.ipv4}, and this machine is `;
      expect(said).toContain(there);
      expect(said).toMatch(new RegExp(`the authority finds no address for ${NOWHERE}: `));
      expect(said).toContain('What was served before still is');
      expect(said).toMatch(/what to do: .*let everybody reach port 80/s);
      for (const [index, name] of names.entries()) {
        const old = before[index];
        const { hsts } = await serves(world(), name, old?.certificate.serialNumber ?? '');
        expect(hsts).toBe(old?.hsts);
      }
    });
  });

  describe("a company's own", () => {
    const place = '/run/company';
    const install = `litellm-ctl certificate --install ${place}/gateway.pem ${place}/gateway.key --authority ${place}/root.pem`;
    let root: Authority;
    let middle: Authority;
    beforeAll(async () => {
      root = await Authority.create();
      middle = await root.intermediate();
      await world().plain.machine.succeed(
        `install -d -m 0700 ${place} && cat > ${place}/root.pem`,
        root.certificatePem,
      );
    });
    afterAll(() => world().plain.machine.succeed(`rm -r ${place}`));

    /** Lays the certificate down with those that vouch for it, and a key. */
    async function lay(cert: string, key: string): Promise<void> {
      const { machine } = world().plain;
      await machine.succeed(`cat > ${place}/gateway.pem`, `${cert}${middle.certificatePem}`);
      await machine.succeed(`cat > ${place}/gateway.key`, key);
    }

    test('with the key of another one it is refused', async () => {
      const before = await serial(world());
      const [one, other] = [await middle.issue(COMPANY), await middle.issue(COMPANY)];
      await lay(one.cert, other.key);
      expect(await world().plain.machine.fail(install)).toMatch(/is not the key of/);
      expect(await serial(world())).toBe(before);
    });

    test('it is served to everybody, with HSTS for its own name; names of certbot keep theirs', async () => {
      const { cert, key } = await middle.issue(COMPANY);
      await lay(cert, key);
      await world().plain.machine.succeed(install);
      const { serialNumber } = new X509Certificate(cert);
      expect((await serves(world(), COMPANY, serialNumber)).hsts).toContain('max-age=');
      expect((await serves(world(), undefined, serialNumber)).hsts).toBeUndefined();
      const [client, outside] = clientOf(world(), COMPANY, root.certificatePem);
      await using _outside = outside;
      expect((await client.models.list()).data).not.toEqual([]);
      for (const name of names) await serves(world(), name, (await stored(world(), name)).serialNumber);
    });

    test("the guide's way back leads to one that the machine makes for itself", async () => {
      const { plain } = world();
      await plain.machine.succeed(wayBack());
      const own = new X509Certificate(await plain.machine.succeed(`cat ${facts.paths.tls}/cert.pem`));
      expect(own.subject).toBe(own.issuer);
      await serves(world(), undefined, own.serialNumber);
      await plain.trustItsNewCertificate();
    });
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
  test.each(names)('%s is still served with its certificate and with HSTS', async (name) => {
    const { serialNumber } = await stored(world(), name);
    expect((await serves(world(), name, serialNumber)).hsts).toContain('max-age=');
  });
}
