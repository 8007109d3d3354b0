/**
 * The fake provider's answers, made once: a plain answer of 686 bytes, and events of 260 bytes each.
 * Every answer carries an id of its own, patched into the prepared bytes, because a row is known by it.
 */
const ANSWER_BYTES = 686;
const EVENT_BYTES = 260;
const ID_DIGITS = 12;
const ID_MARK = '0'.repeat(ID_DIGITS);

/** Events of one streamed answer, the last of which carries the finish reason. */
export const EVENTS_PER_STREAM = 100;
/** Time between two events. */
export const EVENT_GAP_MS = 20;
/** What the provider says each answer cost. */
export const USAGE = { prompt_tokens: 20, completion_tokens: 100, total_tokens: 120 } as const;

/** Prepared bytes with places for the id. */
export class Answer {
  readonly #bytes: Buffer;
  readonly #idsAt: readonly number[];

  constructor(text: string) {
    this.#bytes = Buffer.from(text, 'latin1');
    this.#idsAt = [...text.matchAll(new RegExp(ID_MARK, 'g'))].map(({ index }) => index);
  }

  /** A copy that carries the id. */
  with(id: number): Buffer {
    const copy = Buffer.allocUnsafe(this.#bytes.length);
    this.#bytes.copy(copy);
    const digits = String(id).padStart(ID_DIGITS, '0');
    for (const at of this.#idsAt) copy.write(digits, at, 'latin1');
    return copy;
  }
}

/** Renders with as many words as make the whole exactly `bytes` long. */
function sized(bytes: number, render: (content: string) => string): string {
  const words = 'lorem ipsum dolor sit amet '.repeat(Math.ceil(bytes / 27));
  return render(words.slice(0, bytes - render('').length));
}

const identity = { id: `chatcmpl-${ID_MARK}`, created: 1_790_000_000, model: 'bench' };

const plainBody = sized(ANSWER_BYTES, (content) =>
  JSON.stringify({
    ...identity,
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content }, logprobs: null, finish_reason: 'stop' }],
    usage: USAGE,
  }),
);

function event(delta: (content: string) => object, finish: string | null): string {
  return sized(EVENT_BYTES, (content) => {
    const choices = [{ index: 0, delta: delta(content), finish_reason: finish }];
    return `data: ${JSON.stringify({ ...identity, object: 'chat.completion.chunk', choices })}\n\n`;
  });
}

const inChunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
const middle = inChunk(event((content) => ({ content }), null));
const last = inChunk(event((content) => ({ content }), 'stop'));
const usage = inChunk(
  `data: ${JSON.stringify({ ...identity, object: 'chat.completion.chunk', choices: [], usage: USAGE })}\n\n`,
);
const done = `${inChunk('data: [DONE]\n\n')}0\r\n\r\n`;

/** Everything the provider can send, headers and chunk framing included. */
export const answers = {
  plain: new Answer(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${plainBody.length}\r\n\r\n${plainBody}`,
  ),
  first: new Answer(
    `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n${middle}`,
  ),
  middle: new Answer(middle),
  last: new Answer(last + done),
  lastWithUsage: new Answer(last + usage + done),
} as const;
