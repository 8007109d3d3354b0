import { describe, expect, test } from 'vitest';
import { ManualTimers } from '../../../tests/harness/manual-timers.ts';
import { AlertDelivery } from './delivery.ts';
import type { Outbox, Outcome, TakenAlert } from './outbox.ts';
import type { Post, Receipt } from './post.ts';

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 10, 21, 12);

interface Waiting {
  readonly createdAt: number;
  attempts: number;
  dueAt: number;
  outcome: Outcome | null;
}

/** An outbox in memory, by the rules of the real one. */
class MemoryOutbox implements Outbox {
  readonly alerts = new Map<string, Waiting>();
  readonly forgotten: number[] = [];
  away = false;

  put(id: string, createdAt: number): void {
    this.alerts.set(id, { createdAt, attempts: 0, dueAt: createdAt, outcome: null });
  }

  async take({ now, heldUntil, most }: Parameters<Outbox['take']>[0]): Promise<TakenAlert[]> {
    if (this.away) throw new Error('away');
    const due = [...this.alerts].filter(([, { dueAt, outcome }]) => outcome === null && dueAt <= now);
    return due.slice(0, most).map(([id, alert]) => {
      alert.attempts++;
      alert.dueAt = heldUntil;
      const { createdAt, attempts } = alert;
      return { id, event: 'budget_crossed', body: `{"of":"${id}"}`, createdAt, attempts };
    });
  }

  async settle(id: string, outcome: Outcome): Promise<void> {
    const alert = this.alerts.get(id) as Waiting;
    if (outcome.state === 'waiting') alert.dueAt = outcome.at;
    else alert.outcome = outcome;
  }

  async forget(beforeMs: number): Promise<void> {
    this.forgotten.push(beforeMs);
  }
}

interface Sent extends Post {
  readonly at: number;
}

type Answer = () => Promise<Receipt>;
const answering =
  (status: number, retryAfter?: string): Answer =>
  async () => ({ status, retryAfter });
const failing: Answer = () => Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));

function world(...answers: Answer[]) {
  const timers = new ManualTimers(START);
  const outbox = new MemoryOutbox();
  const sent: Sent[] = [];
  const lines: string[] = [];
  const note = (line: object, message: string) => void lines.push(`${message} ${JSON.stringify(line)}`);
  const poster = {
    post(message: Post) {
      sent.push({ ...message, at: timers.now() });
      return (answers.length > 1 ? (answers.shift() as Answer) : (answers[0] as Answer))();
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
  const logger = { info: note, warn: note, error: note } as never;
  const key = Buffer.alloc(32, 1);
  const delivery = new AlertDelivery({ outbox, poster, key, timers, logger, random: () => 0 });
  const waits = () => sent.slice(1).map(({ at }, index) => at - (sent[index] as Sent).at);
  return { timers, outbox, sent, lines, delivery, waits };
}

describe('an alert', () => {
  test('is sent once when it is taken at once', async () => {
    const { timers, outbox, sent, delivery } = world(answering(204));
    await timers.pass(1);
    outbox.put('a', START);
    await timers.pass(HOUR);
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({
      at: START + 5 * SECOND,
      body: '{"of":"a"}',
      headers: { 'webhook-id': 'msg_a', 'webhook-timestamp': String(START / SECOND + 5) },
    });
    expect(outbox.alerts.get('a')?.outcome).toEqual({ state: 'delivered', at: START + 5 * SECOND });
    await delivery.close();
  });

  test('that is not taken is sent again with its id, less and less often', async () => {
    const { timers, outbox, sent, lines, waits, delivery } = world(
      answering(500),
      failing,
      answering(301),
      answering(400),
      answering(200),
    );
    outbox.put('a', START);
    await timers.pass(HOUR);
    expect(waits()).toEqual([10, 20, 40, 80].map((seconds) => seconds * SECOND));
    expect(new Set(sent.map(({ headers }) => headers['webhook-id']))).toEqual(new Set(['msg_a']));
    expect(new Set(sent.map(({ headers }) => headers['webhook-signature'])).size).toBe(5);
    expect(lines.map((line) => /"reason":"([^"]*)"/.exec(line)?.[1])).toEqual([
      'answered 500',
      'no answer: ECONNREFUSED',
      'answered 301',
      'answered 400',
      undefined,
    ]);
    await delivery.close();
  });

  test('waits as long as the receiver asks', async () => {
    const { timers, outbox, waits, delivery } = world(
      answering(429, '600'),
      answering(503, '1'),
      answering(200),
    );
    outbox.put('a', START);
    await timers.pass(HOUR);
    expect(waits()).toEqual([600 * SECOND, 20 * SECOND]);
    await delivery.close();
  });

  test('is given up when nobody has taken it for three days, or the receiver wants none', async () => {
    const refused = world(answering(500));
    refused.outbox.put('a', START);
    await refused.timers.pass(4 * DAY, () => refused.outbox.alerts.get('a')?.outcome !== null);
    const last = refused.sent.at(-1) as Sent;
    expect(last.at).toBeGreaterThan(START + 3 * DAY - 2 * HOUR);
    expect(refused.outbox.alerts.get('a')?.outcome).toEqual({
      state: 'given_up',
      at: last.at,
      error: 'answered 500',
    });
    expect(refused.lines.at(-1)).toContain('an alert was not delivered and is given up');

    const gone = world(answering(410));
    gone.outbox.put('a', START);
    await gone.timers.pass(HOUR);
    expect(gone.sent).toHaveLength(1);
    expect(gone.outbox.alerts.get('a')?.outcome).toMatchObject({ state: 'given_up', error: 'answered 410' });
    await Promise.all([refused.delivery.close(), gone.delivery.close()]);
  });

  test('that is too old when it is found is not sent', async () => {
    const { timers, outbox, sent, delivery } = world(answering(200));
    outbox.put('a', START - 3 * DAY - 1);
    await timers.pass(1);
    expect(sent).toEqual([]);
    expect(outbox.alerts.get('a')?.outcome).toMatchObject({ state: 'given_up' });
    await delivery.close();
  });
});

test('alerts are sent ten at a time, without a pause while there are more', async () => {
  const { timers, outbox, sent, delivery } = world(answering(200));
  for (let count = 0; count < 25; count++) outbox.put(`a${count}`, START);
  await timers.pass(1);
  expect(sent).toHaveLength(25);
  await delivery.close();
});

test('a database that is away is asked again, and said to be', async () => {
  const { timers, outbox, sent, lines, delivery } = world(answering(200));
  outbox.put('a', START);
  outbox.away = true;
  await timers.pass(12 * SECOND);
  expect(lines).toHaveLength(3);
  outbox.away = false;
  await timers.pass(5 * SECOND);
  expect(sent).toHaveLength(1);
  await delivery.close();
});

test('what ended thirty days ago is forgotten, every hour', async () => {
  const { timers, outbox, delivery } = world(answering(200));
  await timers.pass(90 * 60 * SECOND);
  expect(outbox.forgotten).toEqual([START - 30 * DAY, START + HOUR - 30 * DAY]);
  await delivery.close();
});

test('a closed delivery sends nothing more, and says nothing of what it has cut off', async () => {
  const cut = Promise.withResolvers<Receipt>();
  const { timers, outbox, sent, lines, delivery } = world(() => cut.promise);
  outbox.put('a', START);
  await timers.pass(1);
  const closed = delivery.close();
  cut.reject(new Error('destroyed'));
  await closed;
  outbox.put('b', START);
  await timers.pass(DAY);
  expect(sent).toHaveLength(1);
  expect(outbox.alerts.get('a')).toMatchObject({ outcome: null, dueAt: START + 60 * SECOND });
  expect(lines).toEqual([]);
});
