import type { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { connect } from 'node:tls';
import { NodeSSH } from 'node-ssh';
import { certbotAnswers, converse } from '../harness/dialogue.ts';
import { addresses, type Network } from '../harness/network.ts';
import type { Surroundings } from '../harness/official-clients/pypi.ts';
import { ACME_NAME, Pebble } from '../harness/pebble.ts';
import { Sandbox } from '../harness/sandbox.ts';
import { type Appliance, facts } from './appliance.ts';

/** An emulated machine beside other work needs far less. */
const PATIENCE_MS = 5 * 60_000;

/** In the sandbox: what its programs trust instead of what comes with them. */
const TRUSTED = '/run/trusted.pem';

/** An authority in the network of the test, which machines ask for certificates as if it were the usual one. */
export class AcmeAuthority implements AsyncDisposable {
  /** Its ACME directory, for the machines. */
  readonly url: string;
  /** PEM of the root that vouches for what it issues. */
  readonly root: string;
  readonly #listenerAuthority: string;
  readonly #sandbox: Sandbox;

  private constructor(pebble: Pebble, root: string, sandbox: Sandbox) {
    this.url = pebble.outsideUrl;
    this.root = root;
    this.#listenerAuthority = readFileSync(sandbox.path(pebble.listenerAuthority), 'utf8');
    this.#sandbox = sandbox;
  }

  /** One for all machines of a network: its address and port are taken once. */
  static async on(network: Network): Promise<AcmeAuthority> {
    const sandbox = await Sandbox.on(network);
    const pebble = await Pebble.start(sandbox, { intermediates: 2 });
    return new AcmeAuthority(pebble, await pebble.root(), sandbox);
  }

  /**
   * Has the machine know it and ask nobody else, until what is returned is disposed of. Where `names` lead the authority hears
   * from its own hosts file, which it reads again within five seconds; its questions come later.
   */
  async introduce(appliance: Appliance, names: Readonly<Record<string, string>>): Promise<AsyncDisposable> {
    const { machine } = appliance;
    const lines = Object.entries(names).map(([name, address]) => `${address} ${name}\n`);
    appendFileSync(this.#sandbox.path('/etc/hosts'), lines.join(''));
    await machine.succeed('cat >> /etc/hosts', `${addresses.provider.ipv4} ${ACME_NAME}\n`);
    await machine.succeed('cat >> /etc/letsencrypt/cli.ini', settings(this.url));
    await appliance.trust(this.#listenerAuthority);
    // The machine's settings are then as they were shipped: what is claimed later compares the files.
    const forget = `sed -i '/^server = /d; /^nginx-sleep-seconds = /d' /etc/letsencrypt/cli.ini`;
    return { [Symbol.asyncDispose]: async () => void (await machine.succeed(forget)) };
  }

  /** Where a program finds names as the authority does; with `root`, it trusts whom that vouches for, and nobody else. */
  clientSurroundings(root?: string): Surroundings {
    const launcher = this.#sandbox.command();
    if (root === undefined) return { launcher };
    writeFileSync(this.#sandbox.path(TRUSTED), root);
    return { launcher, env: { SSL_CERT_FILE: TRUSTED } };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#sandbox[Symbol.asyncDispose]();
  }
}

/** certbot asks for the proof a second after nginx was told of it: too early for a machine that is emulated. */
const settings = (directory: string): string => `server = ${directory}\nnginx-sleep-seconds = 10\n`;

/** What the machine shows to whoever takes any certificate. */
export interface Served {
  readonly certificate: X509Certificate;
  /** Absent where browsers are not told to insist on HTTPS. */
  readonly hsts: string | undefined;
}

/** What it shows to who asks for `name`, or comes by its address. */
export async function served(
  network: Network,
  { addresses: { ipv4 } }: Appliance,
  name?: string,
): Promise<Served> {
  const socket = await network.connect(ipv4, facts.ports.https);
  const tls = connect({
    socket,
    ...(name === undefined ? {} : { servername: name }),
    rejectUnauthorized: false,
  });
  try {
    await once(tls, 'secureConnect');
    const certificate = tls.getPeerX509Certificate();
    if (certificate === undefined) throw new Error('the machine showed no certificate');
    const headers = { host: name ?? ipv4, connection: 'close' };
    const asked = request({ path: '/health/liveliness', headers, createConnection: () => tls }).end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    answer.resume();
    return { certificate, hsts: answer.headers['strict-transport-security'] };
  } finally {
    tls.destroy();
  }
}

/** Types a command into a terminal of the launch's user, as an operator would, and answers its questions. */
export async function typed(
  network: Network,
  { machine, addresses: { ipv4 } }: Appliance,
  command: string,
): Promise<string> {
  const ssh = new NodeSSH();
  await ssh.connect({
    sock: await network.connect(ipv4, facts.ports.ssh),
    username: machine.userName,
    privateKey: readFileSync(machine.key.privateKeyFile, 'utf8'),
    readyTimeout: PATIENCE_MS,
  });
  try {
    const terminal = await ssh.requestShell({ term: 'vt100' });
    const said = converse({ output: terminal, input: terminal }, certbotAnswers, PATIENCE_MS);
    terminal.write(`exec ${command}\r`);
    return await said;
  } finally {
    ssh.dispose();
  }
}
