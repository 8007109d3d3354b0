import { X509Certificate } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { NodeSSH } from 'node-ssh';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { certbotAnswers, converse } from '../harness/dialogue.ts';
import { Gate } from '../harness/fake-provider.ts';
import { addresses } from '../harness/network.ts';
import { OutsideClient } from '../harness/outside.ts';
import { ACME_NAME, Pebble } from '../harness/pebble.ts';
import { Sandbox } from '../harness/sandbox.ts';
import { facts } from './appliance.ts';
import type { World } from './world.ts';

const NAME = 'gw.example.test';
const SECOND_NAME = 'second.example.test';
const LIVE = '/etc/letsencrypt/live';
const MODEL = 'gpt-4o-mini';
const MINUTE = 60_000;
/** An emulated machine beside other work needs far less. */
const PATIENCE = { timeout: 5 * MINUTE, interval: 1000 };
/** That they lead to the machine the authority hears from its own hosts file. */
const names = [NAME, SECOND_NAME];

/** The certificate that the machine shows to who asks for `name`. */
async function served({ network, plain }: World, name: string): Promise<X509Certificate> {
  const socket = await network.connect(plain.addresses.ipv4, facts.ports.https);
  const tls = connect({ socket, servername: name, rejectUnauthorized: false });
  try {
    await new Promise((resolve, reject) => tls.once('secureConnect', resolve).once('error', reject));
    const shown = tls.getPeerX509Certificate();
    if (shown === undefined) throw new Error('the machine showed no certificate');
    return shown;
  } finally {
    tls.destroy();
  }
}

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

/** Types a command into a terminal of the launch's user, as an operator would, and answers its questions. */
async function typed({ network, plain }: World, command: string): Promise<string> {
  const ssh = new NodeSSH();
  await ssh.connect({
    sock: await network.connect(plain.addresses.ipv4, facts.ports.ssh),
    username: plain.machine.userName,
    privateKey: readFileSync(plain.machine.key.privateKeyFile, 'utf8'),
    readyTimeout: PATIENCE.timeout,
  });
  try {
    const terminal = await ssh.requestShell({ term: 'vt100' });
    const said = converse({ output: terminal, input: terminal }, certbotAnswers, PATIENCE.timeout);
    terminal.write(`exec ${command}\r`);
    return await said;
  } finally {
    ssh.dispose();
  }
}

async function serves(world: World, name: string, serialNumber: string): Promise<void> {
  await vi.waitFor(async () => expect((await served(world, name)).serialNumber).toBe(serialNumber), PATIENCE);
}

/**
 * Certificates on the plain machine, after its provider has a key (callClaims). What these leave, `certificateAfterReboot`
 * finds again.
 */
export function certificateClaims(world: () => World): void {
  let sandbox: Sandbox;
  let pebble: Pebble;
  let root: string;

  beforeAll(async () => {
    const { network, plain } = world();
    sandbox = await Sandbox.on(network);
    const lines = names.map((name) => `${plain.addresses.ipv4} ${name}\n`);
    appendFileSync(sandbox.path('/etc/hosts'), lines.join(''));
    pebble = await Pebble.start(sandbox, { intermediates: 2 });
    root = await pebble.root();
    const { machine } = plain;
    await machine.succeed('cat >> /etc/hosts', `${addresses.provider.ipv4} ${ACME_NAME}\n`);
    await machine.succeed('cat >> /etc/letsencrypt/cli.ini', `server = ${pebble.outsideUrl}\n`);
    await machine.succeed(
      'cat > /usr/local/share/ca-certificates/pebble.crt && update-ca-certificates',
      readFileSync(sandbox.path(pebble.listenerAuthority), 'utf8'),
    );
  });
  afterAll(async () => {
    // As it was shipped: what is claimed later compares the files.
    await world().plain.machine.succeed(`sed -i '/^server = /d' /etc/letsencrypt/cli.ini`);
    await sandbox?.[Symbol.asyncDispose]();
  });

  const hsts = async (name: string): Promise<string | null> => {
    const [, client] = clientOf(world(), name, root);
    await using _client = client;
    return (await client.fetch(`https://${name}/health/readiness`)).headers.get('strict-transport-security');
  };

  test("the listing's command, typed into a terminal, has the name served with HSTS, while a stream runs on", async () => {
    const { plain, provider } = world();
    const before = (await served(world(), NAME)).serialNumber;
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

    const said = await typed(world(), `sudo certbot --nginx -d ${NAME}`);
    expect(said).toContain(`successfully enabled HTTPS on https://${NAME}`);
    const certificate = await stored(world(), NAME);
    await serves(world(), NAME, certificate.serialNumber);
    expect(certificate.serialNumber).not.toBe(before);
    expect(await hsts(NAME)).toContain('max-age=');

    for (let count = 0; count < 10; count++) gate.release();
    expect(await running.text()).toContain('data: [DONE]');
  });

  test('the official client verifies the chain and calls by name', async () => {
    const [client, outside] = clientOf(world(), NAME, root);
    await using _outside = outside;
    expect((await client.models.list()).data.map(({ id }) => id)).toContain(MODEL);
  });

  test("the timer's own unit renews it", async () => {
    const { machine } = world().plain;
    const before = (await served(world(), NAME)).serialNumber;
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
    const first = (await served(world(), NAME)).serialNumber;
    await machine.succeed(`litellm-ctl certificate ${SECOND_NAME} --server ${pebble.outsideUrl}`);
    await serves(world(), SECOND_NAME, (await stored(world(), SECOND_NAME)).serialNumber);
    expect((await served(world(), NAME)).serialNumber).toBe(first);
    const [client, outside] = clientOf(world(), SECOND_NAME, root);
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
    expect(await machine.succeed('litellm-ctl status')).toMatch(
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
