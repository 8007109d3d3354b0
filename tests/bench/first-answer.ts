import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from './load/connection.ts';
import { requestBytes } from './load/request.ts';
import type { Door, Running } from './peers/peer.ts';
import { USAGE } from './provider/answers.ts';

const POLL_MS = 5;
const START_DEADLINE_MS = 120_000;
const EXPECTED = new RegExp(`"completion_tokens":\\s*${USAGE.completion_tokens}\\b`);

interface Attempt {
  readonly good: boolean;
  readonly seen: string;
}

function attempt(door: Door): Promise<Attempt> {
  return new Promise((resolve) => {
    const connection = new Connection(door.port);
    let body = '';
    const end = (good: boolean, seen: string): void => {
      connection.close();
      resolve({ good, seen });
    };
    connection.send(requestBytes(door, false), {
      received: (bytes) => {
        body += bytes.toString();
      },
      ended: (status) => end(status === 200 && EXPECTED.test(body), `${status} ${body.slice(0, 500)}`),
      failed: (reason) => end(false, reason),
    });
  });
}

/** Calls until the provider's answer comes back through the peer. */
export async function firstAnswer(title: string, { door, program }: Running): Promise<void> {
  const deadline = performance.now() + START_DEADLINE_MS;
  for (;;) {
    const { good, seen } = await attempt(door);
    if (good) return;
    const ended = program?.failure() ?? null;
    if (ended !== null) throw new Error(`${title} did not start: ${ended}`);
    if (performance.now() > deadline) throw new Error(`${title} gave no good answer; the last one: ${seen}`);
    await sleep(POLL_MS);
  }
}
