import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ensureTestPython } from '../emulators/ensure-emulators.ts';
import type { OfficialClient } from './client.ts';

const program = fileURLToPath(new URL('pypi.py', import.meta.url));

/** The official client of PyPI, in a Python of its own. */
export async function startPypiClient(): Promise<OfficialClient> {
  const child = spawn(await ensureTestPython(), [program], {
    // No proxy and no settings of a real client.
    env: { PATH: process.env.PATH },
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
