import overlay from './price-overlay.json' with { type: 'json' };
import { type PriceSheet, readSheet, type WrittenPrices } from './price-sheet.ts';

/** A price or an output limit that the price data lacks or has wrong. The schema says what the fields mean. */
export interface OverlayEntry {
  readonly provider: string;
  readonly model: string;
  readonly effective: string;
  readonly max_output_tokens?: number;
  readonly rates?: WrittenPrices;
  readonly source: string;
}

export interface NamedModel {
  /** Prefix of the provider, as in `litellm_params.model`. */
  readonly provider: string;
  readonly model: string;
}

const nameOf = ({ provider, model }: NamedModel): string => `${provider}/${model}`;
const listed: readonly OverlayEntry[] = overlay;
const byName = Map.groupBy(listed, nameOf);

/** What providers put behind a model's name for one state of it. */
const SNAPSHOT = /-(?:\d{4}-\d{2}-\d{2}|\d{8}|latest)$/;

/** The entry that holds for a model at a time, in epoch milliseconds. */
function entryAt(named: NamedModel, at: number): OverlayEntry | undefined {
  const { provider, model } = named;
  const entries = byName.get(nameOf(named)) ?? byName.get(`${provider}/${model.replace(SNAPSHOT, '')}`);
  return entries
    ?.filter(({ effective }) => Date.parse(effective) <= at)
    .reduce<OverlayEntry | undefined>(
      (newest, entry) => (newest !== undefined && newest.effective > entry.effective ? newest : entry),
      undefined,
    );
}

/** The price that the overlay has for a model at a time; it is a whole, and nothing is taken from elsewhere beside it. */
export function overlaySheet(named: NamedModel, at: number): PriceSheet | undefined {
  const rates = entryAt(named, at)?.rates;
  return rates && readSheet(rates, 'million');
}

/** The output limit of a model that nobody tells us of. */
const UNKNOWN_MAXIMUM = 4096;

/** Most tokens that a model makes in one answer: what the operator states, else the overlay, else 4,096. */
export function maxOutputTokens(
  named: NamedModel & { readonly stated?: number | null | undefined },
  at: number,
): number {
  return named.stated ?? entryAt(named, at)?.max_output_tokens ?? UNKNOWN_MAXIMUM;
}
