import { ClippedText } from './clip-text.ts';
import { keptAnswer } from './content.ts';

/** More choices, or calls of tools in one of them, than anybody asks for. */
const MOST_PARTS = 128;

type Members = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: unknown): readonly Members[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** The part with that index, made when it is not there yet; undefined for one too many. */
function part<T>(parts: Map<number, T>, { index = 0 }: Members, make: () => T): T | undefined {
  const at = typeof index === 'number' ? index : 0;
  const found = parts.get(at);
  if (found !== undefined || parts.size === MOST_PARTS) return found;
  const made = make();
  parts.set(at, made);
  return made;
}

/** Members of an object that come in pieces, or once. */
class Pieces {
  readonly #most: number;
  readonly #members = new Map<string, ClippedText>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Adds to texts. */
  add(from: Members, names: readonly string[]): void {
    for (const name of names) {
      const piece = from[name];
      if (typeof piece !== 'string') continue;
      const text = this.#members.get(name) ?? new ClippedText(this.#most);
      this.#members.set(name, text);
      text.add(piece);
    }
  }

  /** Keeps what is not there yet: some providers repeat it in each chunk. */
  keep(from: Members, names: readonly string[]): void {
    this.add(
      from,
      names.filter((name) => !this.#members.has(name) && from[name] !== ''),
    );
  }

  toJSON(): Record<string, string> {
    return Object.fromEntries([...this.#members].map(([name, text]) => [name, text.toString()]));
  }
}

class Called {
  readonly #own: Pieces;
  readonly #called: Pieces;

  constructor(most: number) {
    this.#own = new Pieces(most);
    this.#called = new Pieces(most);
  }

  add(delta: Members): void {
    this.#own.keep(delta, ['id', 'type']);
    if (!isObject(delta.function)) return;
    this.#called.keep(delta.function, ['name']);
    this.#called.add(delta.function, ['arguments']);
  }

  toJSON(): object {
    return { ...this.#own.toJSON(), function: this.#called };
  }
}

class Choice {
  readonly #most: number;
  readonly #message: Pieces;
  readonly #calls = new Map<number, Called>();
  #finish: string | null = null;

  constructor(most: number) {
    this.#most = most;
    this.#message = new Pieces(most);
  }

  add({ delta, finish_reason: finish }: Members): void {
    if (typeof finish === 'string') this.#finish = finish;
    if (!isObject(delta)) return;
    this.#message.keep(delta, ['role']);
    this.#message.add(delta, ['content', 'reasoning_content', 'reasoning', 'refusal']);
    for (const call of listOf(delta.tool_calls)) {
      part(this.#calls, call, () => new Called(this.#most))?.add(call);
    }
  }

  toJSON(): object {
    const calls = this.#calls.size > 0 && { tool_calls: [...this.#calls.values()] };
    return { message: { ...this.#message.toJSON(), ...calls }, finish_reason: this.#finish };
  }
}

/** What an answer has that was not said piece by piece. */
export interface AnswerFacts {
  readonly responseId: string | null;
  readonly model: string;
  readonly usage: unknown;
}

/** The answer that a stream makes, put together from its chunks; of each text no more than beginning and end are kept. */
export class StreamTranscript {
  readonly #most: number;
  readonly #choices = new Map<number, Choice>();

  /** `most` characters of each text. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Takes the `choices` of one chunk, as JSON. What cannot be read is passed over: the stream is not judged here. */
  add(choices: Buffer): void {
    for (const choice of listOf(parsed(choices))) {
      part(this.#choices, choice, () => new Choice(this.#most))?.add(choice);
    }
  }

  /** What is kept of the answer, in the form of one that is not streamed; null when it cannot be written down. */
  answer({ responseId: id, model, usage }: AnswerFacts): string | null {
    const choices = [...this.#choices].map(([index, choice]) => ({ index, ...choice.toJSON() }));
    try {
      const whole = JSON.stringify({ id, object: 'chat.completion', model, choices, usage });
      return keptAnswer(Buffer.from(whole), Number.POSITIVE_INFINITY);
    } catch {
      // A usage object that is nested too deep.
      return null;
    }
  }
}

function parsed(json: Buffer): unknown {
  try {
    return JSON.parse(json.toString());
  } catch {
    return null;
  }
}
