import { type EncodingName, encodingOf } from './encoding.ts';

/** What this needs of an encoding of gpt-tokenizer. */
interface Encoding {
  countTokens(text: string, options: { disallowedSpecial: Set<string> }): number;
  setMergeCacheSize(entries: number): void;
}

/** Loaded on need, by the tokenizer's own thread: the larger one takes 0.3 s of CPU and 75 MB. */
const importers: Readonly<Record<EncodingName, () => Promise<Encoding>>> = {
  o200k: () => import('gpt-tokenizer/encoding/o200k_base'),
  cl100k: () => import('gpt-tokenizer/encoding/cl100k_base'),
};

/**
 * Encoding takes the square of a word's length, and a word is whatever has no change of kind in it: 64 KB of one letter took
 * 13 s. To o200k slashes and line ends behind a sign are of its kind. Longer runs than this are counted by their bytes, of
 * which a token has at least one.
 */
const LONG_RUN = /[\p{L}\p{M}]{65,}|[^\s\p{L}\p{N}]{65,}|\s{65,}|[\r\n/]{65,}/gu;

/** Words whose tokens are remembered. */
const CACHED_WORDS = 10_000;

/** Markers such as `<|endoftext|>` are text like any other: providers do not take them for markers either. */
const MARKERS_ARE_TEXT = { disallowedSpecial: new Set<string>() };

/** Counts the tokens of texts, in time that grows with their length alone: at most 6 ms of CPU for a kilobyte. */
export class Tokenizer {
  readonly #encoding: Encoding;

  constructor(encoding: Encoding) {
    this.#encoding = encoding;
    encoding.setMergeCacheSize(CACHED_WORDS);
  }

  /** The tokens of a text, or more where it has runs that are long beyond words. */
  count(text: string): number {
    if (text.search(LONG_RUN) < 0) return this.#words(text);
    const segments = text.split(LONG_RUN);
    const inSegments = segments.reduce((sum, segment) => sum + Buffer.byteLength(segment), 0);
    const inRuns = Buffer.byteLength(text) - inSegments;
    return segments.reduce((sum, segment) => sum + this.#words(segment), inRuns);
  }

  #words(text: string): number {
    return this.#encoding.countTokens(text, MARKERS_ARE_TEXT);
  }
}

/** The tokenizers that have been needed so far. */
export class Tokenizers {
  readonly #loaded = new Map<EncodingName, Tokenizer>();

  /** The model's tokenizer, or the nearest that there is. */
  async load(model: string): Promise<Tokenizer> {
    const name = encodingOf(model);
    const encoding = await importers[name]();
    const tokenizer = this.#loaded.get(name) ?? new Tokenizer(encoding);
    this.#loaded.set(name, tokenizer);
    return tokenizer;
  }
}
