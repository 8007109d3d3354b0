import { estimateTokens, type Produced } from '../accounting/estimate.ts';
import { skipString } from './json-object.ts';

const QUOTE = 0x22;
const COLON = 0x3a;
const SPACE = 0x20;
/** Members of a chunk's choices that hold what a model says, thinks and calls. */
const SPOKEN = new Set(['content', 'reasoning_content', 'reasoning', 'refusal', 'name', 'arguments']);
/** What these begin with: other names are not even read. */
const INITIALS = new Set([...SPOKEN].map((name) => name.charCodeAt(0)));
/** Providers that give thoughts under both names give the same. */
const THOUGHTS = new Set(['reasoning_content', 'reasoning']);
const FIRST_BYTES = 1024;
/** More than this is not counted by a tokenizer anyway. */
const MOST_BYTES = 1024 * 1024;

/**
 * What a stream has said, kept for the case that nobody tells how many tokens that was: a stream that is cut has no usage.
 * Its text is as the chunks have it, with JSON's escapes, until it is asked for: a chunk is only looked through.
 */
export class StreamText {
  #kept = Buffer.alloc(0);
  #bytes = 0;
  #thoughts: string | null = null;
  /** Chunks that said something. Each of them is a token at least. */
  #chunks = 0;

  /** Takes the `choices` of one chunk, as JSON whose strings are known to end. */
  add(choices: Buffer): void {
    const before = this.#bytes;
    let name = '';
    let at = choices.indexOf(QUOTE);
    while (at !== -1) {
      const end = skipString(choices, at);
      if (namesMember(choices, end)) {
        name = INITIALS.has(choices[at + 1] ?? 0) ? choices.toString('latin1', at + 1, end - 1) : '';
      } else {
        if (this.#isSpoken(name)) this.#keep(choices, at + 1, end - 1);
        name = '';
      }
      at = choices.indexOf(QUOTE, end);
    }
    if (this.#bytes > before) this.#chunks++;
  }

  /** About how many tokens have been said. */
  get tokens(): number {
    return Math.max(this.#chunks, estimateTokens(this.#bytes));
  }

  /** What has been said, to be counted; and the tokens that it is at least, or about where it is too long to be kept. */
  produced(): Produced {
    if (this.#bytes > MOST_BYTES) return { texts: [], atLeast: this.tokens };
    const texts = this.#bytes === 0 ? [] : [unescaped(this.#kept.toString('utf8', 0, this.#bytes))];
    return { texts, atLeast: this.#chunks };
  }

  #isSpoken(name: string): boolean {
    if (!SPOKEN.has(name)) return false;
    if (!THOUGHTS.has(name)) return true;
    this.#thoughts ??= name;
    return this.#thoughts === name;
  }

  #keep(from: Buffer, start: number, end: number): void {
    const bytes = this.#bytes + end - start;
    if (bytes <= MOST_BYTES) {
      if (bytes > this.#kept.length) this.#grow(bytes);
      from.copy(this.#kept, this.#bytes, start, end);
    } else this.#kept = Buffer.alloc(0);
    this.#bytes = bytes;
  }

  #grow(bytes: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, 2 ** Math.ceil(Math.log2(bytes))));
    this.#kept.copy(larger, 0, 0, this.#bytes);
    this.#kept = larger;
  }
}

/** Whether the string that ends before `end` is the name of a member. */
function namesMember(json: Buffer, end: number): boolean {
  let at = end;
  while ((json[at] ?? 0) <= SPACE && at < json.length) at++;
  return json[at] === COLON;
}

function unescaped(raw: string): string {
  if (!raw.includes('\\')) return raw;
  try {
    return JSON.parse(`"${raw}"`);
  } catch {
    return raw;
  }
}
