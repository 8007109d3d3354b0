/** What the journal keeps: anything that knows its row's id. */
export interface Journaled {
  /** UUID that the gateway made; a record is stored at most once under it. */
  readonly rowId: string;
}

/** A record as text and back. */
export interface Codec<R extends Journaled> {
  encode(record: R): string;
  /** Throws when the text was not made by `encode`. */
  decode(text: string): R;
}

/**
 * The kinds of entries, by the letter that a payload begins with. `opened` and `progress` hold the row that a call
 * becomes if nothing more is heard of it, the later one winning; `closed` holds the row that it became; `discarded` holds
 * the id alone: the call is over and leaves no row.
 */
const kinds = { o: 'opened', p: 'progress', c: 'closed', d: 'discarded' } as const;

export type EntryKind = (typeof kinds)[keyof typeof kinds];

const letters = Object.fromEntries(Object.entries(kinds).map(([letter, kind]) => [kind, letter])) as Record<
  EntryKind,
  string
>;

/** An entry on its way to the disk. */
export interface Entry<R extends Journaled> {
  readonly kind: EntryKind;
  readonly rowId: string;
  /** The row to store, of a `closed` entry. */
  readonly row: R | null;
  readonly payload: string;
}

export function newEntry<R extends Journaled>(
  kind: Exclude<EntryKind, 'discarded'>,
  record: R,
  codec: Codec<R>,
): Entry<R> {
  const payload = letters[kind] + codec.encode(record);
  return { kind, rowId: record.rowId, row: kind === 'closed' ? record : null, payload };
}

export function discarded(rowId: string): Entry<never> {
  return { kind: 'discarded', rowId, row: null, payload: letters.discarded + rowId };
}

export type ReadEntry<R> =
  | { readonly kind: Exclude<EntryKind, 'discarded'>; readonly record: R }
  | { readonly kind: 'discarded'; readonly rowId: string };

/** Reads a payload; throws when it is none of ours, which its checksum all but excludes. */
export function readEntry<R extends Journaled>(payload: string, codec: Codec<R>): ReadEntry<R> {
  const kind = kinds[payload[0] as keyof typeof kinds];
  if (kind === undefined) throw new Error(`'${payload[0]}' begins no entry of the spend journal`);
  const text = payload.slice(1);
  return kind === 'discarded' ? { kind, rowId: text } : { kind, record: codec.decode(text) };
}

/** The rows of the calls that these payloads close. */
export function closedRecords<R extends Journaled>(payloads: readonly string[], codec: Codec<R>): R[] {
  return payloads.flatMap((payload) => {
    const entry = readEntry(payload, codec);
    return entry.kind === 'closed' ? [entry.record] : [];
  });
}
