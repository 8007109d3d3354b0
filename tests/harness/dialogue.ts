import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

/** A program at a terminal: what it prints, and where it is typed to. */
export interface Terminal {
  readonly output: Readable;
  readonly input: Writable;
}

/** What a person types when the program asks that. */
export type Answer = readonly [question: RegExp, answer: string];

const PATIENCE_MS = 120_000;

/**
 * Answers the questions of a program, each once, as they come; one that is not asked is not answered. Returns all that the
 * program has printed, when it has ended. Throws with it when the program waits for something else.
 */
export async function converse(
  { output, input }: Terminal,
  answers: readonly Answer[],
  patienceMs = PATIENCE_MS,
): Promise<string> {
  const open = [...answers];
  let printed = '';
  let heard = 0;
  output.setEncoding('utf8').on('data', (piece: string) => {
    printed += piece;
    const place = open.findIndex(([question]) => question.test(printed.slice(heard)));
    if (place === -1) return;
    heard = printed.length;
    const [[, answer]] = open.splice(place, 1) as [Answer];
    input.write(`${answer}\r`);
  });
  try {
    await once(output, 'end', { signal: AbortSignal.timeout(patienceMs) });
  } catch (cause) {
    throw new Error(`the program has not ended; it printed: ${printed}`, { cause });
  }
  return printed;
}

/** What certbot asks who comes for the first time: e-mail address, terms of service, the newsletter. */
export const certbotAnswers: readonly Answer[] = [
  [/nter email address/, 'ops@example.test'],
  [/agree in\s+order|[Dd]o you agree\?/, 'Y'],
  [/share your\s+email address|willing.*share/s, 'N'],
];
