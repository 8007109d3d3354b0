import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { until } from '../../packer/index.ts';
import type { Sandbox, SandboxProcess } from './sandbox.ts';

const SECOND = 1000;
const DIRECTORY = '/run/pebble';
/** The name in the certificate of Pebble's own listener, beside localhost. */
export const ACME_NAME = 'acme.example.test';
const DIRECTORY_PORT = 14_000;
const MANAGEMENT_PORT = 15_000;

const config = {
  pebble: {
    listenAddress: `0.0.0.0:${DIRECTORY_PORT}`,
    managementListenAddress: `0.0.0.0:${MANAGEMENT_PORT}`,
    certificate: `${DIRECTORY}/listener.pem`,
    privateKey: `${DIRECTORY}/listener.key`,
    httpPort: 80,
    tlsPort: 443,
    ocspResponderURL: '',
    externalAccountBindingRequired: false,
  },
};

export interface PebbleOptions {
  /** Of a hundred good nonces. Unset: none; certbot tries once more, and gives up at the second in a row. */
  readonly refusedNonces?: number;
  /** Authorities between the root and what is issued. */
  readonly intermediates?: number;
}

/**
 * A certificate authority that really validates, on the sandbox's ports 80 and 443. Its habits of rejecting good
 * nonces now and then and of pausing between validations are off.
 */
export class Pebble {
  readonly directoryUrl = `https://localhost:${DIRECTORY_PORT}/dir`;
  /** The same for others on its network, to whom ACME_NAME leads to it. */
  readonly outsideUrl = `https://${ACME_NAME}:${DIRECTORY_PORT}/dir`;
  /** File, inside the sandbox, with the authority that signed Pebble's own listener. */
  readonly listenerAuthority = `${DIRECTORY}/authority.pem`;
  readonly process: SandboxProcess;
  readonly #sandbox: Sandbox;

  private constructor(sandbox: Sandbox, process: SandboxProcess) {
    this.#sandbox = sandbox;
    this.process = process;
  }

  static async start(sandbox: Sandbox, options: PebbleOptions = {}): Promise<Pebble> {
    mkdirSync(sandbox.path(DIRECTORY), { recursive: true });
    writeFileSync(sandbox.path(`${DIRECTORY}/config.json`), JSON.stringify(config));
    // The second one in a sandbox is known by the certificate of the first.
    if (!existsSync(sandbox.path(`${DIRECTORY}/listener.pem`))) await makeListenerCertificate(sandbox);
    const env = {
      PEBBLE_VA_NOSLEEP: '1',
      PEBBLE_WFE_NONCEREJECT: String(options.refusedNonces ?? 0),
      PEBBLE_CHAIN_LENGTH: String(options.intermediates ?? 1),
    };
    const process = sandbox.start(['pebble', '-strict', '-config', `${DIRECTORY}/config.json`], { env });
    const pebble = new Pebble(sandbox, process);
    await until('pebble listens', 20 * SECOND, () => pebble.root()).catch((cause) => {
      throw new Error(`pebble did not start: ${process.output}`, { cause });
    });
    return pebble;
  }

  /** Has the sandbox trust Pebble's listener, and certbot use it unless told otherwise. */
  async becomeTheDefault(): Promise<void> {
    const trusted = '/usr/local/share/ca-certificates/pebble.crt';
    await this.#sandbox.run(['install', '-D', '-m', '0644', this.listenerAuthority, trusted]);
    await this.#sandbox.run(['update-ca-certificates']);
    appendFileSync(this.#sandbox.path('/etc/letsencrypt/cli.ini'), `server = ${this.directoryUrl}\n`);
  }

  /** Ends it, so that another one may take its ports. */
  async stop(): Promise<void> {
    this.process.signal('SIGTERM');
    await this.process.ended();
  }

  /** The root certificate (PEM) that signs what Pebble issues: a new one at each start. */
  async root(): Promise<string> {
    const socket = await this.#sandbox.connect(MANAGEMENT_PORT);
    const asked = request({
      path: '/roots/0',
      headers: { host: 'localhost', connection: 'close' },
      createConnection: () => connect({ socket, rejectUnauthorized: false }),
    }).end();
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    asked.once('error', reject).once('response', (response) => resolve(text(response)));
    return promise;
  }
}

async function makeListenerCertificate(sandbox: Sandbox): Promise<void> {
  const at = (name: string): string => `${DIRECTORY}/${name}`;
  const openssl = (...args: string[]): Promise<string> => sandbox.run(['openssl', ...args]);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const authority = ['-keyout', at('authority.key'), '-out', at('authority.pem')];
  await openssl('req', '-x509', ...key, ...authority, '-days', '2', '-subj', '/CN=pebble listener authority');
  const extensions = [
    '-addext',
    `subjectAltName=DNS:localhost,DNS:${ACME_NAME}`,
    '-addext',
    'basicConstraints=critical,CA:FALSE',
  ];
  const signer = ['-CA', at('authority.pem'), '-CAkey', at('authority.key')];
  const listener = ['-keyout', at('listener.key'), '-out', at('listener.pem')];
  await openssl(
    'req',
    '-x509',
    ...key,
    ...listener,
    ...signer,
    '-days',
    '2',
    '-subj',
    '/CN=localhost',
    ...extensions,
  );
}
