import { dataSheet } from './price-data.ts';
import { type NamedModel, overlaySheet } from './price-overlay.ts';
import { overrideSheet, type PriceSheet, readSheet, tariffOf, type WrittenPrices } from './price-sheet.ts';
import type { Tariff } from './rates.ts';

const MINUTE = 60_000;
/** Some providers are cheaper at night; the price data's times of day are on quarters of an hour, as midnight is. */
const SLOT_MS = 15 * MINUTE;

/**
 * What a deployment charges at a time, in epoch milliseconds. A call is charged at the tariff of the moment it began, so
 * that what was reserved for it holds.
 */
export type PriceList = (at: number) => Tariff;

export interface PricedModel extends NamedModel {
  /** Name of the provider in the price data; undefined when it is not in there. */
  readonly dataProvider: string | undefined;
  /** The operator's own prices, in USD per token: they win, field by field. */
  readonly overrides: WrittenPrices;
}

const NOTHING: PriceSheet = {};

function listedSheet(priced: PricedModel, at: number): PriceSheet {
  const { dataProvider, model } = priced;
  const listed = overlaySheet(priced, at);
  if (listed !== undefined) return listed;
  return (dataProvider !== undefined && dataSheet(dataProvider, model, at)) || NOTHING;
}

/**
 * The price list of a model, looked up once and then again only when a price that depends on the time may have changed: a
 * look-up costs some 80 µs. Null when neither operator, overlay nor data price its tokens.
 */
export function priceList(priced: PricedModel, now: number): PriceList | null {
  const own = readSheet(priced.overrides, 'token');
  const look = (at: number) => tariffOf(overrideSheet(own, listedSheet(priced, at)));
  const first = look(now);
  if (first === null) return null;
  // Two slots are kept: around a border, calls that began before it end among those that begin after it.
  let newer = { slot: Math.floor(now / SLOT_MS), tariff: first };
  let older = newer;
  return (at) => {
    const slot = Math.floor(at / SLOT_MS);
    if (slot === newer.slot) return newer.tariff;
    if (slot === older.slot) return older.tariff;
    older = newer;
    newer = { slot, tariff: look(at) ?? newer.tariff };
    return newer.tariff;
  };
}
