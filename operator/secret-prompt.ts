import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { OperatorError } from './operator.ts';

const SILENT = new Writable({ write: (_piece, _encoding, done) => done() });

async function lineFromTerminal(prompt: string): Promise<string> {
  process.stderr.write(prompt);
  // The terminal echoes nothing in raw mode, and what readline would show goes nowhere.
  const lines = createInterface({ input: process.stdin, output: SILENT, terminal: true });
  try {
    lines.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    return await lines.question('');
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}

async function firstLine(): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) return line;
  return '';
}

/** An answer from the terminal; undefined where there is none to ask at. */
export async function ask(question: string): Promise<string | undefined> {
  if (!process.stdin.isTTY) return undefined;
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: true });
  try {
    lines.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    return (await lines.question(question)).trim();
  } finally {
    lines.close();
  }
}

/** One line from standard input; at a terminal asked for twice and not shown. Throws OperatorError when they differ. */
export async function readSecret(prompt: string): Promise<string> {
  if (!process.stdin.isTTY) return firstLine();
  const once = await lineFromTerminal(`${prompt}: `);
  if ((await lineFromTerminal(`${prompt} again: `)) === once) return once;
  throw new OperatorError('the two are not the same', 'type it again');
}
