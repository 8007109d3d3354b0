import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Logger } from '../observe/logger.ts';
import type { Timers } from './timers.ts';

const SECOND = 1000;
/** How long a call waits for its count; loading a tokenizer takes half a second. */
const PATIENCE_MS = 2 * SECOND;
/** A thread that nobody has needed for so long ends, and gives its 75 MB back. */
const IDLE_MS = 60 * SECOND;
/** After a failure nobody asks for so long. */
const RECOVERY_MS = 30 * SECOND;
/** Counts that wait at most; more than those would not come in time. */
const MOST_WAITING = 64;
/** Longer prompts are not counted: this takes up to a quarter of a second of CPU. */
const MOST_BYTES = 128 * 1024;
const HEAP_MB = 256;

export interface CountRequest {
  readonly id: number;
  readonly model: string;
  readonly texts: readonly string[];
}

export interface CountReply {
  readonly id: number;
  readonly tokens: number;
}

/** What is needed of a thread. */
export type TokenizerThread = Pick<Worker, 'postMessage' | 'on' | 'unref' | 'terminate'>;

export interface TokenCounterOptions {
  readonly timers: Timers;
  readonly logger: Pick<Logger, 'warn'>;
  readonly startThread?: () => TokenizerThread;
}

/** The thread's program lies beside this one: as a source, or bundled like it. It needs nothing of the environment. */
function startWorker(): Worker {
  const program = new URL(`./tokenizer-worker${extname(import.meta.url)}`, import.meta.url);
  return new Worker(program, { env: {}, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: HEAP_MB } });
}

type Tell = (tokens: number | undefined) => void;

/**
 * Counts tokens in a thread of its own, which is there while it is needed: a tokenizer blocks whoever loads it for half a
 * second. No thread -> counting -> idle -> no thread; or failed, which is no thread for a while. What cannot be counted, or
 * not in time, is told as undefined: there is a bound without it.
 */
export class TokenCounter implements AsyncDisposable {
  readonly #options: TokenCounterOptions;
  #thread: TokenizerThread | undefined;
  readonly #waiting = new Map<number, Tell>();
  #lastId = 0;
  #usableFrom = Number.NEGATIVE_INFINITY;
  #failing = false;
  #closed = false;
  #cancelIdle: () => void = () => undefined;

  constructor(options: TokenCounterOptions) {
    this.#options = options;
  }

  /** The tokens of all these texts for a model, by its tokenizer or the nearest that there is. Never rejects. */
  count(model: string, texts: readonly string[]): Promise<number | undefined> {
    const { timers } = this.#options;
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    if (bytes === 0) return Promise.resolve(0);
    const refused =
      bytes > MOST_BYTES || this.#waiting.size >= MOST_WAITING || timers.now() < this.#usableFrom;
    if (refused || this.#closed) return Promise.resolve(undefined);
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    const id = ++this.#lastId;
    const cancelTimer = timers.after(PATIENCE_MS, () => {
      this.#tellFailure(new Error(`no count within ${PATIENCE_MS} ms`));
      this.#waiting.get(id)?.(undefined);
    });
    this.#waiting.set(id, (tokens) => {
      this.#waiting.delete(id);
      cancelTimer();
      resolve(tokens);
      this.#rest();
    });
    this.#send({ id, model, texts });
    return promise;
  }

  #send(request: CountRequest): void {
    this.#cancelIdle();
    try {
      this.#thread ??= this.#start();
      this.#thread.postMessage(request);
    } catch (error) {
      this.#fail(error);
    }
  }

  #start(): TokenizerThread {
    const thread = (this.#options.startThread ?? startWorker)();
    thread.unref();
    thread.on('message', ({ id, tokens }: CountReply) => {
      this.#failing = false;
      this.#waiting.get(id)?.(tokens);
    });
    const failed = (error: unknown): void => {
      if (this.#thread === thread) this.#fail(error);
    };
    thread.on('error', failed);
    thread.on('exit', (code) => failed(new Error(`the thread ended with ${code}`)));
    return thread;
  }

  /** Whoever waits goes on without a count. */
  #fail(error: unknown): void {
    this.#tellFailure(error);
    this.#usableFrom = this.#options.timers.now() + RECOVERY_MS;
    const thread = this.#thread;
    this.#thread = undefined;
    void thread?.terminate();
    for (const tell of [...this.#waiting.values()]) tell(undefined);
  }

  /** Told once, until counts come again. */
  #tellFailure(error: unknown): void {
    if (!this.#failing)
      this.#options.logger.warn(
        { err: error },
        'tokens cannot be counted: prompts are bounded by their bytes',
      );
    this.#failing = true;
  }

  #rest(): void {
    if (this.#waiting.size > 0 || this.#thread === undefined) return;
    this.#cancelIdle();
    this.#cancelIdle = this.#options.timers.after(IDLE_MS, () => this.#end());
  }

  async #end(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.terminate();
  }

  /** Who waits goes on without a count, and so does whoever comes. */
  close(): void {
    this.#closed = true;
    for (const tell of [...this.#waiting.values()]) tell(undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    this.#cancelIdle();
    await this.#end();
  }
}
