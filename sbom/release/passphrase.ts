import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/** The environment variable that may hold the passphrase of the signing key; an argument list would show it to everybody. */
export const PASSPHRASE = 'SIGNING_KEY_PASSPHRASE';

/** The passphrase from the environment, or asked at the terminal without showing it; undefined when there is neither. */
export async function readPassphrase(
  environment: NodeJS.ProcessEnv = process.env,
  terminal: Pick<NodeJS.ReadStream, 'isTTY'> = process.stdin,
): Promise<string | undefined> {
  const given = environment[PASSPHRASE];
  if (given !== undefined && given !== '') return given;
  return terminal.isTTY ? ask() : undefined;
}

async function ask(): Promise<string> {
  process.stderr.write('Passphrase of the signing key: ');
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: process.stdin, output: silence, terminal: true });
  try {
    return await reader.question('');
  } finally {
    reader.close();
    process.stderr.write('\n');
  }
}
