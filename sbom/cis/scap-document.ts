import { createReadStream } from 'node:fs';
import { SaxesParser } from 'saxes';
import { Failure } from '../../packer/index.ts';
import { BenchmarkReader } from './benchmark-reader.ts';
import type { Reader } from './reader.ts';
import { TestResultReader } from './test-result-reader.ts';
import { type Benchmark, type TestResult, XCCDF } from './xccdf.ts';

/** What a SCAP document holds of XCCDF: a content file has the benchmark, an ARF also what came of a scan. */
export interface ScapDocument {
  readonly benchmark: Benchmark;
  readonly testResult: TestResult | undefined;
}

/**
 * Reads an ARF or a content file (SCAP source data stream), 13 to 20 MB, as a stream. Throws Failure when it is not
 * well formed to its end, or has no benchmark: half a file must not count as a result.
 */
export async function readScap(path: string): Promise<ScapDocument> {
  const benchmark = new BenchmarkReader();
  const testResult = new TestResultReader();
  const readers: readonly Reader[] = [benchmark, testResult];
  const parser = new SaxesParser({ xmlns: true, position: false });
  let text = '';
  parser.on('opentag', (tag) => {
    if (tag.uri !== XCCDF) return;
    text = '';
    for (const reader of readers) reader.open(tag);
  });
  parser.on('text', (more) => {
    text += more;
  });
  parser.on('closetag', (tag) => {
    if (tag.uri !== XCCDF) return;
    for (const reader of readers) reader.close(tag.local, text);
    text = '';
  });
  try {
    for await (const chunk of createReadStream(path, 'utf8')) parser.write(chunk as string);
    parser.close();
  } catch (cause) {
    throw new Failure(`${path} cannot be read as XML: ${(cause as Error).message}`, 'make it again', {
      cause,
    });
  }
  return { benchmark: benchmark.finish(path), testResult: testResult.finish() };
}

/** Reads an ARF. Throws Failure when there is no result of a scan in it. */
export async function readArf(path: string): Promise<{ benchmark: Benchmark; testResult: TestResult }> {
  const { benchmark, testResult } = await readScap(path);
  if (testResult === undefined)
    throw new Failure(`${path} holds no result of a scan`, "see the scanner's errors");
  return { benchmark, testResult };
}
