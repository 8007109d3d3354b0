import { fileURLToPath } from 'node:url';
import { Agent, buildConnector, fetch } from 'undici';
import { $ } from 'zx';
import { addresses, type Network } from './network.ts';
import type { ScanResult } from './port-scan.ts';

export type { ScanResult };

const LAST_PORT = 65_535;
const scanners = {
  tcp: fileURLToPath(new URL('port-scan.ts', import.meta.url)),
  udp: fileURLToPath(new URL('udp-scan.ts', import.meta.url)),
} as const;

/** Somebody on the internet side of the network. */
export class OutsideClient implements AsyncDisposable {
  readonly #network: Network;
  readonly #agent: Agent;

  /**
   * `trusted` is the certificate (PEM) that the client accepts; all else about TLS is as strict as always. `hosts` are the
   * names that it knows, and where they lead.
   */
  constructor(network: Network, trusted: string, hosts: Readonly<Record<string, string>> = {}) {
    this.#network = network;
    const upgrade = buildConnector({ ca: trusted });
    this.#agent = new Agent({
      connect: (options, callback) => {
        const port = Number(options.port === '' ? defaultPort(options.protocol) : options.port);
        const host = hosts[options.hostname] ?? unbracketed(options.hostname);
        network.connect(host, port).then(
          (httpSocket) => {
            if (options.protocol === 'https:') upgrade({ ...options, httpSocket }, callback);
            else callback(null, httpSocket);
          },
          (error: Error) => callback(error, null),
        );
      },
    });
  }

  /** `fetch`, from outside. */
  readonly fetch = (...[target, init]: Parameters<typeof fetch>): ReturnType<typeof fetch> =>
    fetch(target, { ...init, dispatcher: this.#agent });

  /** Tries every TCP port of an address and tells which answered. */
  scanPorts(address: string): Promise<ScanResult> {
    return this.#scan('tcp', address, [LAST_PORT]);
  }

  /** Tries some UDP ports of an address and tells which answered. */
  scanUdpPorts(address: string, ports: readonly number[]): Promise<ScanResult> {
    return this.#scan('udp', address, ports);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }

  async #scan(how: keyof typeof scanners, address: string, ports: readonly number[]): Promise<ScanResult> {
    const from = address.includes(':') ? addresses.outside.ipv6 : addresses.outside.ipv4;
    const program = [process.execPath, scanners[how], address, from, ...ports.map(String)];
    return JSON.parse((await $({ quiet: true })`${this.#network.command(...program)}`).stdout) as ScanResult;
  }
}

function defaultPort(protocol: string): number {
  return protocol === 'https:' ? 443 : 80;
}

function unbracketed(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}
