import { isIP } from 'node:net';
import { HEADER_NAME } from './header-name.ts';

/** What a value may hold: visible characters of one byte, spaces and tabs. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const PATH = /^\/[\x21-\x7e]*$/;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/** What requests to one place have in common. */
export interface Requests {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly path: string;
  /** Flat: name, value, name, value. */
  readonly headers: readonly string[];
}

function requestHead(host: string, { path, headers }: Requests): string {
  if (!PATH.test(path)) throw new TypeError(`'${path}' is no path of a request`);
  const lines = [`POST ${path} HTTP/1.1`, `host: ${host}`, 'connection: keep-alive'];
  for (let at = 0; at < headers.length; at += 2) {
    const [name = '', value = ''] = headers.slice(at, at + 2);
    // The value may be a key, and is in no message.
    if (!HEADER_NAME.test(name)) throw new TypeError(`'${name}' is no name of a header`);
    if (!VALUE.test(value)) throw new TypeError(`the header '${name}' holds what no header can`);
    lines.push(`${name}: ${value}`);
  }
  return `${lines.join('\r\n')}\r\ncontent-length: `;
}

/** Where requests are posted, with everything in them that is the same each time. */
export class Destination {
  readonly origin: string;
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  /** The name that its certificate must bear; none for an address, whose certificate must bear that. */
  readonly serverName: string | undefined;
  readonly #requests: Requests;
  readonly #authority: string;
  #head: string | null = null;

  /** Throws TypeError for an origin that is none. */
  constructor(requests: Requests) {
    const url = new URL(requests.origin);
    this.#requests = requests;
    this.origin = url.origin;
    this.secure = url.protocol === 'https:';
    this.host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    this.port = Number(url.port) || (DEFAULT_PORTS[url.protocol] ?? 0);
    this.serverName = isIP(this.host) === 0 ? this.host : undefined;
    this.#authority = url.host;
  }

  /** The head of a request up to the number of its body's bytes. Throws TypeError for what cannot stand in a head. */
  get head(): string {
    this.#head ??= requestHead(this.#authority, this.#requests);
    return this.#head;
  }
}
