/** What becomes of a call whose client leaves, and of one whose provider tells no usage; no socket is involved. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ManualTimers } from '../../tests/harness/manual-timers.ts';
import { KEEPS_NOTHING, type Keeping } from '../accounting/content/content.ts';
import { priceList } from '../accounting/prices.ts';
import { type Call, newCall } from '../call.ts';
import { NO_LIMITS } from '../identity/key-limits.ts';
import { PassThrough } from './pass-through.ts';
import { type OnDisconnect, Remainders } from './remainders.ts';

const NOW = Date.UTC(2026, 10, 28);
const model = { provider: 'openai', model: 'gpt-4o', dataProvider: undefined };
const price = priceList({ ...model, overrides: { input: 1e-12, output: 10e-12 } }, NOW);
const event = (members: object) => Buffer.from(`data: ${JSON.stringify(members)}\n\n`);
const token = event({ id: 'chatcmpl-1', choices: [{ index: 0, delta: { content: 'word' } }] });
const usage = { prompt_tokens: 7, completion_tokens: 30, total_tokens: 37 };
const END = Buffer.concat([event({ choices: [], usage }), Buffer.from('data: [DONE]\n\n')]);
const MESSAGES = [{ role: 'user', content: 'hello' }];
/** Each `word` is a token, the prompt is five. */
const counted = async (_model: string, texts: readonly string[]) =>
  texts.join('').match(/word/g)?.length ?? 5;

interface World {
  readonly policy?: OnDisconnect;
  readonly streamed?: boolean;
  /** Whether there is a connection to the provider, so that the call is on its way. */
  readonly connected?: boolean;
  readonly reserved?: bigint;
  readonly keeping?: Keeping;
  readonly maxAnswerBytes?: number;
  readonly count?: (model: string, texts: readonly string[]) => Promise<number | undefined>;
}

/** A call that has been sent, with provider and client in the hands of the test. */
function sentCall({
  policy = 'drain',
  streamed = true,
  connected = true,
  reserved,
  count = counted,
  keeping = KEEPS_NOTHING,
  maxAnswerBytes,
}: World = {}) {
  const timers = new ManualTimers(NOW);
  const remainders = new Remainders({ policy, timers });
  const seen = { aborted: 0, finished: [] as Call[], told: [] as string[], recorded: 0, left: 0 };
  const call = newCall({
    startedAt: NOW,
    streamed,
    modelGroup: 'gpt',
    keeping,
    deployment: { provider: 'openai', upstreamModel: 'gpt-4o', apiKey: null, price },
    identity: { keyHash: 'key', limits: NO_LIMITS },
    bound: { prompt: 100, completion: 50 },
  } as unknown as Parameters<typeof newCall>[0]);
  call.admission = { leave: () => seen.left++ } as unknown as Call['admission'];
  if (reserved !== undefined) call.reservation = { amount: reserved } as Call['reservation'];
  const tell = (what: string) => (): boolean => seen.told.push(what) > 0;
  const client = {
    begun: false,
    begin: tell('begin'),
    write: tell('write'),
    end: tell('end'),
    send: tell('send'),
  };
  const controller = { pause: () => undefined, resume: () => undefined, abort: () => seen.aborted++ };
  const dispatcher = { dispatch: () => true } as never;
  const logger = { error: () => undefined } as never;
  const passThrough = new PassThrough(
    { dispatcher, logger, counter: { count }, remainders, timers, maxAnswerBytes: maxAnswerBytes ?? null },
    {
      call,
      client: { ...client, fail: tell('fail'), onDrain: () => undefined } as never,
      next: () => null,
      bodyFor: () => Buffer.from('{}'),
      messages: () => MESSAGES,
      tellHeaders: () => undefined,
      draft: () => undefined,
      finished: (ended) => void seen.finished.push({ ...ended }),
    },
  );
  passThrough.start();
  const connects = () => passThrough.onRequestStart(controller as never);
  if (connected) connects();
  const type = streamed ? 'text/event-stream' : 'application/json';
  const answers = () => passThrough.onResponseStart(200, new Map([['content-type', type]]));
  const says = (...pieces: readonly Buffer[]) => {
    for (const piece of pieces) passThrough.onResponseData(piece);
  };
  const leaves = () => passThrough.clientGone(() => void seen.recorded++);
  return { passThrough, call, timers, remainders, seen, connects, answers, says, leaves };
}

type Sent = ReturnType<typeof sentCall>;

describe('a client that leaves its stream', () => {
  test('pays what the provider tells in the end; nothing more is sent to it, and its slots are free at once', async () => {
    const { seen, answers, says, leaves } = sentCall();
    answers();
    says(token);
    leaves();
    expect([seen.finished, seen.left, seen.recorded]).toEqual([[], 1, 0]);
    const told = [...seen.told];
    says(token, token, END);
    expect(seen.finished).toMatchObject([
      { status: 499, estimated: false, spend: 307n, responseId: 'chatcmpl-1' },
    ]);
    expect([seen.told, seen.aborted, seen.recorded]).toEqual([told, 0, 1]);
  });

  test('pays what was produced by the time at which the gateway ends the answer', async () => {
    const { seen, answers, says, leaves, timers } = sentCall();
    answers();
    says(token);
    leaves();
    says(token, token);
    await timers.pass(300_000);
    await nextTurn();
    expect(seen.finished).toMatchObject([{ status: 499, estimated: true, spend: BigInt(3 + 5) + 30n }]);
    expect([seen.aborted, seen.recorded]).toEqual([1, 1]);
  });

  test('pays what was produced when the gateway stops meanwhile', async () => {
    const { seen, answers, says, leaves, remainders } = sentCall();
    answers();
    says(token);
    leaves();
    remainders.close();
    await nextTurn();
    expect(seen.finished).toMatchObject([{ status: 499, estimated: true, spend: 18n }]);
    expect([seen.aborted, seen.recorded]).toEqual([1, 1]);
  });

  test('pays what was produced when the provider fails meanwhile', async () => {
    const { seen, answers, says, leaves, passThrough } = sentCall();
    answers();
    says(token);
    leaves();
    passThrough.onResponseError(new Error('reset'));
    await nextTurn();
    expect(seen.finished).toMatchObject([{ status: 499, estimated: true, spend: 18n }]);
    expect(seen.told).not.toContain('fail');
  });

  test('ends it at once where the operator wants that, and pays what was produced', async () => {
    const { seen, answers, says, leaves } = sentCall({ policy: 'cancel' });
    answers();
    says(token, token);
    leaves();
    expect(seen.aborted).toBe(1);
    await nextTurn();
    expect(seen.finished).toMatchObject([{ status: 499, estimated: true, spend: 28n }]);
    expect(seen.recorded).toBe(1);
  });

  test('never pays more by an estimate than was set aside', async () => {
    const { seen, answers, says, leaves } = sentCall({ policy: 'cancel', reserved: 20n });
    answers();
    says(token, token);
    leaves();
    await nextTurn();
    expect(seen.finished).toMatchObject([{ estimated: true, spend: 20n }]);
  });
});

describe('a client that leaves before anything came', () => {
  test('pays for the answer that the provider makes nevertheless', () => {
    const { seen, answers, says, leaves, passThrough } = sentCall({ streamed: false });
    leaves();
    answers();
    says(Buffer.from(JSON.stringify({ id: 'chatcmpl-2', choices: [], usage })));
    passThrough.onResponseEnd();
    expect(seen.finished).toMatchObject([{ status: 499, estimated: false, spend: 307n }]);
    expect(seen.told).toEqual([]);
  });

  test.each([
    ['at once', 'cancel', async () => undefined],
    ['after five minutes', 'drain', ({ timers }: Sent) => timers.pass(300_000)],
    ['with the gateway', 'drain', async ({ remainders }: Sent) => remainders.close()],
  ] as const)(
    'pays for its prompt, which the provider has, where its call ends %s',
    async (_when, policy, end) => {
      const sent = sentCall({ policy, streamed: false });
      sent.leaves();
      await end(sent);
      await nextTurn();
      expect(sent.seen.finished).toMatchObject([{ status: 499, estimated: true, spend: BigInt(3 + 5) }]);
      expect([sent.seen.aborted, sent.seen.recorded]).toEqual([1, 1]);
    },
  );

  test('holds its money for no longer than a moment while its tokens are counted', async () => {
    const patience: unknown[] = [];
    const count = async (...[, , hasteMs]: readonly unknown[]) => {
      patience.push(hasteMs);
      return 5;
    };
    sentCall({ policy: 'cancel', streamed: false, count }).leaves();
    await nextTurn();
    expect(patience).toEqual([500]);
  });

  test('pays nothing while the provider has nothing of it, and nothing is sent then', () => {
    const { seen, leaves, connects } = sentCall({ connected: false });
    leaves();
    expect(seen.finished).toMatchObject([{ status: 499, usage: null, spend: 0n }]);
    expect([seen.aborted, seen.recorded]).toEqual([0, 1]);
    connects();
    expect(seen.aborted).toBe(1);
  });

  test('pays nothing for an error of which it has not heard', async () => {
    const { seen, leaves, passThrough, remainders } = sentCall();
    passThrough.onResponseStart(500, new Map());
    leaves();
    remainders.close();
    await nextTurn();
    expect(seen.finished).toMatchObject([{ status: 499, usage: null, spend: 0n }]);
  });
});

test.each([
  ['is paid for what it has read where it has begun to speak', [event({ choices: [{ delta: {} }] })], 8n],
  ['is paid nothing before that', [], 0n],
] as const)('a provider whose stream breaks off %s', async (_what, pieces, spend) => {
  const { seen, answers, says, passThrough } = sentCall();
  answers();
  says(...pieces);
  passThrough.onResponseError(new Error('reset'));
  await nextTurn();
  expect(seen.finished).toMatchObject([{ estimated: spend > 0n, spend }]);
});

test.each([
  ['read, so that its connection can be used again', 16 * 1024, 0],
  ['not read without end', 16 * 1024 + 1, 1],
])('what a provider sends behind the end of its stream is %s', (_what, bytes, aborted) => {
  const { seen, answers, says } = sentCall();
  answers();
  says(token, END, Buffer.alloc(bytes, '\n'));
  expect(seen.finished).toMatchObject([{ status: 200 }]);
  expect(seen.aborted).toBe(aborted);
});

describe('an answer without usage', () => {
  test('is counted by tokenizer, recorded as an estimate, and only then sent', async () => {
    const counted = Promise.withResolvers<number>();
    const asked: (readonly string[])[] = [];
    const count = (_model: string, texts: readonly string[]) => {
      asked.push(texts);
      return counted.promise;
    };
    const { seen, answers, says, passThrough } = sentCall({ streamed: false, count });
    answers();
    says(Buffer.from(JSON.stringify({ choices: [{ message: { content: 'some words' } }] })));
    passThrough.onResponseEnd();
    await nextTurn();
    expect([seen.finished, seen.told]).toEqual([[], []]);
    expect(asked).toEqual([['user', 'hello'], ['some words']]);
    counted.resolve(4);
    await nextTurn();
    expect(seen.finished).toMatchObject([{ status: 200, estimated: true, spend: BigInt(3 + 4) + 40n }]);
    expect(seen.told).toEqual(['send']);
  });

  test('of a stream is counted whole, however many tokens a chunk holds', async () => {
    const { seen, answers, says } = sentCall();
    answers();
    says(event({ choices: [{ delta: { content: 'word word word' } }] }), Buffer.from('data: [DONE]\n\n'));
    await nextTurn();
    expect(seen.finished).toMatchObject([{ status: 200, estimated: true, spend: BigInt(3 + 5) + 30n }]);
  });

  test('of a stream is no less than a token a chunk that said something', async () => {
    const { seen, answers, says } = sentCall({ count: async () => 1 });
    answers();
    says(token, token, token, Buffer.from('data: [DONE]\n\n'));
    await nextTurn();
    expect(seen.finished).toMatchObject([{ estimated: true, spend: BigInt(3 + 1) + 30n }]);
  });

  test('of a stream that said nothing costs its prompt', async () => {
    const { seen, answers, says } = sentCall();
    answers();
    says(Buffer.from('data: [DONE]\n\n'));
    await nextTurn();
    expect(seen.finished).toMatchObject([{ status: 200, estimated: true, spend: BigInt(3 + 5) }]);
  });

  test('of a stream keeps its last event back until it is recorded', async () => {
    const { seen, answers, says } = sentCall();
    answers();
    says(token);
    says(Buffer.from('data: [DONE]\n\n'));
    expect(seen.told.filter((what) => what === 'write')).toHaveLength(1);
    await nextTurn();
    expect(seen.finished).toMatchObject([{ status: 200, estimated: true }]);
    expect(seen.told.slice(-2)).toEqual(['write', 'end']);
  });

  test('is four bytes a token where nothing counts', async () => {
    const { seen, answers, says, passThrough } = sentCall({ streamed: false, count: async () => undefined });
    answers();
    says(Buffer.from(JSON.stringify({ choices: [{ message: { content: 'x'.repeat(40) } }] })));
    passThrough.onResponseEnd();
    await nextTurn();
    expect(seen.finished).toMatchObject([{ status: 200, estimated: true, spend: BigInt(3 + 1 + 2) + 100n }]);
  });

  test('that a client leaves while it is counted is recorded once', async () => {
    const counted = Promise.withResolvers<number>();
    const { seen, answers, says, leaves, passThrough } = sentCall({
      streamed: false,
      count: () => counted.promise,
    });
    answers();
    says(Buffer.from(JSON.stringify({ choices: [{ message: { content: 'words' } }] })));
    passThrough.onResponseEnd();
    leaves();
    expect(seen.recorded).toBe(0);
    counted.resolve(1);
    await nextTurn();
    expect([seen.finished.length, seen.recorded, seen.told]).toEqual([1, 1, []]);
  });
});

describe('an answer that is larger than the operator lets through', () => {
  const answer = Buffer.from(JSON.stringify({ id: 'chatcmpl-3', choices: [], usage }));
  const answered = (maxAnswerBytes: number, body: Buffer) => {
    const sent = sentCall({ streamed: false, maxAnswerBytes });
    sent.answers();
    sent.says(body.subarray(0, 10), body.subarray(10));
    sent.passThrough.onResponseEnd();
    return sent.seen;
  };

  test('is refused, and costs what the provider takes for it', () => {
    const { told, finished } = answered(answer.length - 1, answer);
    expect(told).toEqual(['fail']);
    expect(finished).toMatchObject([
      { status: 400, spend: 307n, estimated: false, failure: { code: '400' } },
    ]);
  });

  test('costs what it says where the provider tells no usage', async () => {
    const { told, finished } = answered(20, Buffer.from('{"choices":[{"message":{"content":"word word"}}]}'));
    await nextTurn();
    expect(told).toEqual(['fail']);
    expect(finished).toMatchObject([{ status: 400, estimated: true, spend: BigInt(3 + 5) + 20n }]);
  });

  test('is one byte larger', () => {
    expect(answered(answer.length, answer).told).toEqual(['send']);
  });
});

describe('what was said', () => {
  const kept: Keeping = { content: 'content', providerWords: false, textLength: 1000 };
  const said = { role: 'assistant', content: 'some words' };
  const plain = Buffer.from(
    JSON.stringify({ id: 'x', model: 'theirs', choices: [{ message: said }], usage }),
  );

  function answered(keeping: Keeping, streamed: boolean): string | null | undefined {
    const { seen, answers, says, passThrough } = sentCall({ streamed, keeping });
    answers();
    if (streamed) says(token, token, END);
    else says(plain);
    passThrough.onResponseEnd();
    return seen.finished[0]?.answered;
  }

  test('in an answer is kept where that is wanted, under the name that the client knows', () => {
    expect(JSON.parse(answered(kept, false) ?? '')).toEqual({
      id: 'x',
      model: 'gpt',
      choices: [{ message: said }],
      usage,
    });
  });

  test('in a stream is kept as the answer that it makes', () => {
    expect(JSON.parse(answered(kept, true) ?? '')).toEqual({
      id: 'chatcmpl-1',
      object: 'chat.completion',
      model: 'gpt',
      choices: [{ index: 0, message: { content: 'wordword' }, finish_reason: null }],
      usage,
    });
  });

  test.each([true, false])('is not looked at otherwise (streamed: %s)', (streamed) => {
    expect(answered(KEEPS_NOTHING, streamed)).toBeNull();
    expect(answered({ ...kept, content: 'redacted' }, streamed)).toBeNull();
  });

  const refusal = {
    error: { message: 'you said xyzzy', type: 'invalid_request_error', code: 'too_long', param: 'xyzzy' },
  };

  async function failure(keeping: Keeping): Promise<string | undefined> {
    const { seen, passThrough, says } = sentCall({ keeping });
    passThrough.onResponseStart(400, new Map());
    says(Buffer.from(JSON.stringify(refusal)));
    passThrough.onResponseEnd();
    await nextTurn();
    expect(seen.told).toEqual(['fail']);
    return seen.finished[0]?.failure?.message;
  }

  test('is in no record of a failure, which a provider may tell by quoting it', async () => {
    expect(await failure(KEEPS_NOTHING)).toBe(
      "The provider 'openai' answered 400, invalid_request_error, too_long",
    );
    expect(await failure(kept)).not.toContain('xyzzy');
  });

  test('is there in the words of the provider where the operator wants them', async () => {
    expect(await failure({ ...KEEPS_NOTHING, providerWords: true })).toBe('you said xyzzy');
  });

  test.each([[{ type: 'what you said: xyzzy', code: 17 }], [{ type: null, code: { xyzzy: 1 } }], [{}]])(
    'is not taken for the name of an error: %j',
    async (error) => {
      const { seen, passThrough, says } = sentCall();
      passThrough.onResponseStart(500, new Map());
      says(Buffer.from(JSON.stringify({ error })));
      passThrough.onResponseEnd();
      await nextTurn();
      expect(seen.finished[0]?.failure?.message).toBe("The provider 'openai' answered 500");
    },
  );
});
