/** The tokenizer's own thread: what it is handed is counted, and nobody else waits for that. */
import { parentPort } from 'node:worker_threads';
import type { CountRequest } from './token-counter.ts';
import { Tokenizers } from './tokenizer.ts';

const tokenizers = new Tokenizers();

parentPort?.on('message', async ({ model, texts }: CountRequest) => {
  const tokenizer = await tokenizers.load(model);
  parentPort?.postMessage(texts.reduce((sum, text) => sum + tokenizer.count(text), 0));
});
