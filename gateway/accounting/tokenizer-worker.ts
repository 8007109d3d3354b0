/** The tokenizer's own thread: what it is handed is counted one after the other, and nobody else waits for that. */
import { parentPort } from 'node:worker_threads';
import type { CountReply, CountRequest } from './token-counter.ts';
import { Tokenizers } from './tokenizer.ts';

const tokenizers = new Tokenizers();

parentPort?.on('message', async ({ id, model, texts }: CountRequest) => {
  const tokenizer = await tokenizers.load(model);
  const tokens = texts.reduce((sum, text) => sum + tokenizer.count(text), 0);
  parentPort?.postMessage({ id, tokens } satisfies CountReply);
});
