import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ensureTestPython } from '../emulators/ensure-emulators.ts';
import type { OfficialClient } from './client.ts';

const program = fileURLToPath(new URL('pypi.py', import.meta.url));

/** Where a client runs: here, unless told otherwise. */
export interface Surroundings {
  /** What its program has to be started with, for example to be inside a namespace. */
  readonly launcher?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** The official client of PyPI, in a Python of its own. */
export async function startPypiClient({
  launcher = [],
  env = {},
}: Surroundings = {}): Promise<OfficialClient> {
  const [command = '', ...args] = [...launcher, await ensureTestPython(), program];
  const child = spawn(command, args, {
    // No proxy and no settings of a real client.
    env: { PATH: process.env.PATH, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const said = async () => {
    const { done, value } = await lines.next();
    if (done) throw new Error('the client of PyPI has ended; why stands on standard error');
    return JSON.parse(value);
  };
  const { version } = (await said()) as { version: string };
  return {
    version,
    async ask(call) {
      child.stdin.write(`${JSON.stringify(call)}\n`);
      return said();
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}
