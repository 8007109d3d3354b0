import { expect } from 'vitest';
import { MASTER_KEY } from '../harness/gateway-process.ts';
import type { Row, Sent } from './row.ts';

/** A request as it goes out, and what comes back, whatever lies between. */
export interface Outgoing {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

export type Send = (request: Outgoing) => Promise<{ readonly status: number; readonly text: string }>;

function headersOf({ as = MASTER_KEY, headers = {}, body }: Sent): Record<string, string> {
  return {
    ...(as !== null && { authorization: `Bearer ${as}` }),
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...headers,
  };
}

function memberAt(answer: unknown, path: string): string {
  return String(path.split('.').reduce<unknown>((found, name) => Reflect.get(found as object, name), answer));
}

/** Asks the rows of a table in their order, and remembers what they keep. */
export class Asker {
  readonly #send: Send;
  readonly #kept = new Map<string, string>();

  constructor(send: Send) {
    this.#send = send;
  }

  /** Asks one row; throws where the answer is another one. */
  async ask({ line, sent, status, answer }: Row): Promise<void> {
    const [method = '', path = ''] = this.#filled(line).split(' ', 2);
    const body = sent.text ?? (sent.body === undefined ? undefined : this.#filled(JSON.stringify(sent.body)));
    const headers = headersOf(JSON.parse(this.#filled(JSON.stringify(sent))));
    const got = await this.#send({ method, path, headers, body });
    expect(got.status, got.text).toBe(status);
    const read = (): unknown => JSON.parse(got.text);
    if (Array.isArray(answer) || answer?.constructor === Object) expect(read()).toMatchObject(answer);
    else if (answer !== undefined) expect(read()).toEqual(answer);
    for (const [name, member] of Object.entries(sent.keep ?? {})) {
      this.#kept.set(name, memberAt(read(), member));
    }
  }

  #filled(written: string): string {
    return written.replace(/<(\w+)>/g, (whole, name: string) => this.#kept.get(name) ?? whole);
  }
}
