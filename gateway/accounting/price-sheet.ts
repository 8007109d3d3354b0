import { type Decimal, decimalOf, inUnits, ZERO } from './decimal.ts';
import type { Rates, Tariff, Tier } from './rates.ts';
import { inputKinds, outputKinds, type Priced } from './token-kinds.ts';

/** Powers of ten: the pico-dollar, and the million of tokens that price pages count by. */
const PICO = -12;
const PER_MILLION = -6;

/** A price in USD that changes with the length of the prompt: of the steps it exceeds, the last one counts. */
export interface Ladder {
  readonly base: Decimal | undefined;
  readonly steps: readonly Step[];
}

export interface Step {
  /** Prompts of more tokens than this. */
  readonly above: number;
  readonly price: Decimal;
}

/** What one source says a model costs, in USD; what it does not say is absent. */
export type PriceSheet = Readonly<Partial<Record<Priced, Ladder>>>;

/** Prices as they are written: of a token or, on price pages, of a million of them; `request` of one call. */
export interface WrittenPrices extends Readonly<Partial<Record<Priced, number | string>>> {
  /** Prices for prompts of more than so many tokens. */
  readonly above?: Readonly<Record<string, Readonly<Partial<Record<Priced, number | string>>>>>;
}

const priced: readonly Priced[] = [...inputKinds, ...outputKinds, 'request'];

function ladder(prices: WrittenPrices, field: Priced, shift: number): Ladder | undefined {
  const base = prices[field];
  const steps = Object.entries(prices.above ?? {}).flatMap(([above, { [field]: price }]) =>
    price === undefined ? [] : [{ above: Number(above), price: decimalOf(price, shift) }],
  );
  if (base === undefined && steps.length === 0) return undefined;
  return { base: base === undefined ? undefined : decimalOf(base, shift), steps: steps.sort(byBorder) };
}

const byBorder = (one: Step, other: Step): number => one.above - other.above;

/** The sheet of prices written down per token, or per million tokens. */
export function readSheet(prices: WrittenPrices, per: 'token' | 'million'): PriceSheet {
  const entries = priced.flatMap((field) => {
    const found = ladder(prices, field, per === 'million' && field !== 'request' ? PER_MILLION : 0);
    return found === undefined ? [] : [[field, found] as const];
  });
  return Object.fromEntries(entries);
}

const isFree = (rungs: Ladder | undefined): boolean => rungs?.base?.digits === 0n;

/** What an operator makes free is free in all its kinds, also in those that only the provider's list prices apart. */
function withoutFreed(own: PriceSheet, listed: PriceSheet): PriceSheet {
  const kept = { ...listed };
  if (isFree(own.input)) for (const kind of inputKinds) delete kept[kind];
  if (isFree(own.output)) for (const kind of outputKinds) delete kept[kind];
  if (isFree(own.input) && isFree(own.output)) delete kept.request;
  return kept;
}

function override(own: Ladder, listed: Ladder | undefined): Ladder {
  const [first] = own.steps;
  if (own.base !== undefined || listed === undefined || first === undefined) return own;
  return {
    base: listed.base,
    steps: [...listed.steps.filter(({ above }) => above < first.above), ...own.steps],
  };
}

/** The operator's prices, field by field, before those that are listed. */
export function overrideSheet(own: PriceSheet, listed: PriceSheet): PriceSheet {
  const sheet: { -readonly [Field in Priced]?: Ladder } = withoutFreed(own, listed);
  for (const field of priced) {
    const rungs = own[field];
    if (rungs !== undefined) sheet[field] = override(rungs, sheet[field]);
  }
  return sheet;
}

function priceAt(rungs: Ladder | undefined, promptTokens: number): Decimal | undefined {
  return rungs?.steps.findLast(({ above }) => promptTokens > above)?.price ?? rungs?.base;
}

/**
 * A price for everything, so that nothing is free for want of one: a kind without its own costs what plain tokens of its
 * side cost (the cache of an hour what the short one does), a side without any what the other side costs.
 */
function complete(sheet: PriceSheet, promptTokens: number): Record<Priced, Decimal> | undefined {
  const known = (field: Priced) => priceAt(sheet[field], promptTokens);
  const input = known('input') ?? known('output');
  const output = known('output') ?? input;
  if (input === undefined || output === undefined) return undefined;
  const cacheWrite = known('cacheWrite') ?? input;
  return {
    input,
    cacheRead: known('cacheRead') ?? input,
    cacheWrite,
    cacheWrite1h: known('cacheWrite1h') ?? cacheWrite,
    audioInput: known('audioInput') ?? input,
    imageInput: known('imageInput') ?? input,
    output,
    reasoning: known('reasoning') ?? output,
    audioOutput: known('audioOutput') ?? output,
    imageOutput: known('imageOutput') ?? output,
    request: known('request') ?? ZERO,
  };
}

function toRates(prices: Record<Priced, Decimal>): Rates {
  const unit = Math.min(PICO, ...Object.values(prices).map(({ exponent }) => exponent));
  const rate = (field: Priced) => inUnits(prices[field], unit);
  return {
    input: rate('input'),
    cacheRead: rate('cacheRead'),
    cacheWrite: rate('cacheWrite'),
    cacheWrite1h: rate('cacheWrite1h'),
    audioInput: rate('audioInput'),
    imageInput: rate('imageInput'),
    output: rate('output'),
    reasoning: rate('reasoning'),
    audioOutput: rate('audioOutput'),
    imageOutput: rate('imageOutput'),
    request: rate('request'),
    perPico: 10n ** BigInt(PICO - unit),
  };
}

const greatest = (rates: readonly bigint[]): bigint =>
  rates.reduce((one, other) => (other > one ? other : one));

function tier(prices: Record<Priced, Decimal>, above: number): Tier {
  const rates = toRates(prices);
  return {
    above,
    rates,
    mostInput: greatest(inputKinds.map((kind) => rates[kind])),
    mostOutput: greatest(outputKinds.map((kind) => rates[kind])),
  };
}

/** The tariff of a sheet; null when it prices no tokens, whatever else it prices. */
export function tariffOf(sheet: PriceSheet): Tariff | null {
  const base = complete(sheet, 0);
  if (base === undefined) return null;
  const borders = new Set(Object.values(sheet).flatMap(({ steps }) => steps.map(({ above }) => above)));
  const higher = [...borders]
    .sort((one, other) => one - other)
    .map((above) => tier(complete(sheet, above + 1) ?? base, above));
  return [tier(base, -1), ...higher];
}
