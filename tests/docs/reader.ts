import { rmSync } from 'node:fs';
import { $, quote } from 'zx';
import type { Network } from '../harness/network.ts';
import { makeCurlHome } from './curl-home.ts';
import { type CommandBlock, ofAReader, psqlOf, runnable } from './pages.ts';
import { type Placeholders, scriptOf, typedAt } from './placeholders.ts';

/** Where the operator's commands are run. */
const DIRECTORY = '/run/docs';

/** What the reader of a page has before him. */
export interface Desk {
  /** The machine, to which he types as its operator. */
  readonly machine: { succeed(command: string, input?: string): Promise<string> };
  /** Where he calls it from. */
  readonly network: Network;
  /** The certificate that he trusts, PEM. */
  readonly trusted: string;
  readonly providerKey: string;
  readonly values: Placeholders;
}

/** Somebody who does what a page says, on the machine and with curl from outside. */
export class Reader implements Disposable {
  readonly #desk: Desk;
  readonly #home: string;

  constructor(desk: Desk) {
    this.#desk = desk;
    this.#home = makeCurlHome(desk.trusted);
  }

  /** Carries out the commands of a page in the order printed; what they said. Throws with page and line of one that fails. */
  async follow(page: string): Promise<string> {
    const said: string[] = [];
    for (const block of runnable(page, ...ofAReader)) {
      const told = await this.#carryOut(block).catch((error: Error) => {
        throw new Error(`${page}:${block.line}: ${error.message}`, { cause: error });
      });
      said.push(told);
    }
    return said.join('');
  }

  async #carryOut({ page, place, text }: CommandBlock): Promise<string> {
    const { machine, network, providerKey, values } = this.#desk;
    const input = typedAt(page, { providerKey });
    if (place === 'vm') {
      const given = Object.entries(values).map(([name, value]) => `${name}=${quote(value)}\n`);
      // Their names are no secret, what they hold is: it goes in by standard input, before what is typed.
      const told = `eval "$(head -c ${given.join('').length})"`;
      const script = `install -d ${DIRECTORY} && cd ${DIRECTORY}; ${told}; ${scriptOf(text)}`;
      return machine.succeed(script, `${given.join('')}${input}`);
    }
    if (place === 'psql:litellm-owner' || place === 'psql:postgres')
      return machine.succeed(`cd / && ${psqlOf[place]} -X --set ON_ERROR_STOP=1`, `${text}\n`);
    const env = { ...process.env, ...values, CURL_HOME: this.#home };
    const command = network.command('bash', '-c', scriptOf(text));
    return (await $({ quiet: true, input, env })`${command}`).stdout;
  }

  [Symbol.dispose](): void {
    rmSync(this.#home, { recursive: true });
  }
}
