/** Costs that were computed by hand; the arithmetic stands beside each, and is checked too. */
import { expect, test } from 'vitest';
import { Findings, Reader } from '../config/findings.ts';
import { readPrices } from '../config/price-keys.ts';
import { overrideSheet, readSheet, tariffOf, type WrittenPrices } from './price-sheet.ts';
import written from './price-vectors.json' with { type: 'json' };
import { boundOf, costOf, ratesFor, type Tariff } from './rates.ts';
import { readUsage, type Usage } from './usage.ts';

interface Vector {
  readonly what: string;
  /** As a provider sends it. */
  readonly usage: object;
  /** As a price page lists them: USD per million tokens, `request` per call. */
  readonly rates: WrittenPrices;
  /** As `litellm_params` has them: USD per token. */
  readonly operator?: Readonly<Record<string, number>>;
  /** Tokens times pico-dollars a token, or parts of pico-dollars that are then divided. */
  readonly arithmetic: string;
  readonly pico: string;
}

const vectors: readonly Vector[] = written;

function tariff({ rates, operator = {} }: Vector): Tariff {
  const findings = new Findings();
  const own = readPrices(new Reader(operator, '', findings), new Reader({}, '', findings));
  const found = tariffOf(overrideSheet(readSheet(own, 'token'), readSheet(rates, 'million')));
  if (found === null || findings.faults.length > 0) throw new Error('no price');
  return found;
}

function usage(vector: Vector): Usage {
  const read = readUsage(vector.usage);
  if (read === null) throw new Error('no usage');
  return read;
}

const product = (factors: string): bigint =>
  factors.split(' * ').reduce((result, factor) => result * BigInt(factor), 1n);

/** `a * b + c * d = e` or `a * b = e, / d rounded up = f`: whether it is right, and what comes out. */
function work(arithmetic: string): { right: boolean; result: string } {
  const [, terms = '', sum = '', divisor = '1', quotient = sum] =
    /^(.+?) = (\d+)(?:, \/ (\d+) rounded up = (\d+))?$/.exec(arithmetic) ?? [];
  const added = terms.split(' + ').reduce((total, term) => total + product(term), 0n);
  const up = (added + BigInt(divisor) - 1n) / BigInt(divisor);
  return { right: added === BigInt(sum) && up === BigInt(quotient), result: quotient };
}

test('there are at least sixty, each of them another', () => {
  expect(vectors.length).toBeGreaterThanOrEqual(60);
  expect(new Set(vectors.map(({ what }) => what)).size).toBe(vectors.length);
});

test.each(vectors)('$what: $arithmetic', (vector) => {
  const read = usage(vector);
  expect(work(vector.arithmetic)).toEqual({ right: true, result: vector.pico });
  expect(costOf(read, ratesFor(tariff(vector), read.prompt)).toString()).toBe(vector.pico);
});

test.each(vectors)('$what: within its bound', (vector) => {
  const { prompt, completion } = usage(vector);
  const bound = boundOf({ inputTokens: prompt, outputTokens: completion }, tariff(vector));
  expect(bound).toBeGreaterThanOrEqual(BigInt(vector.pico));
});
