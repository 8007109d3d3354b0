import { type AuditHead, type AuditRow, blankable, digestOf, hashOf, NO_ROWS } from './audit-chain.ts';

/** What a check of the chain has found. */
export interface ChainReport {
  /** Chained rows up to the end, or to the first broken one. */
  readonly rows: number;
  /** Values that were blanked: that they were there is proven, what they were is not. */
  readonly blanked: number;
  /** The newest good row. */
  readonly head: AuditHead;
  /** The first row that does not hold, and why; null when every row does. */
  readonly broken: { readonly seq: number; readonly reason: string } | null;
}

export interface ChainExpectation {
  /** The row before the first that should be there; NO_ROWS unless the oldest were deleted on purpose. */
  readonly beginning?: AuditHead;
  /** A head that was kept elsewhere: the chain must have had it. */
  readonly kept?: AuditHead | null;
}

const named = (from: number, to: number): string => (from === to ? `row ${from}` : `rows ${from} to ${to}`);

/** Checks rows in the order of their numbers, one by one; behind the first that is broken it looks at no other. */
export class ChainCheck {
  readonly #kept: AuditHead | null;
  #head: AuditHead;
  #rows = 0;
  #blanked = 0;
  #broken: ChainReport['broken'] = null;
  #keptSeen: boolean;

  constructor({ beginning = NO_ROWS, kept = null }: ChainExpectation = {}) {
    this.#head = beginning;
    this.#kept = kept;
    this.#keptSeen = kept === null || kept.seq <= beginning.seq;
  }

  #fault(row: AuditRow): string | null {
    const expected = this.#head.seq + 1;
    if (row.litellm_seq > expected) return `${named(expected, row.litellm_seq - 1)} before it: missing`;
    if (row.litellm_seq < expected) return 'its number occurs twice';
    if (row.litellm_previous !== this.#head.hash) return 'it does not follow the row before it';
    if (row.litellm_hash !== hashOf(row)) return 'it is not what was written: its hash does not fit';
    for (const column of blankable) {
      const salt = row.litellm_salts[column];
      const value = row[column];
      if (salt === undefined) {
        if (value !== null && value !== '') return `${column} was changed: it has no salt, and is not blank`;
        this.#blanked++;
      } else if (row.litellm_digests[column] !== digestOf(salt, value)) {
        return `${column} was changed`;
      }
    }
    const { seq, hash } = this.#kept ?? NO_ROWS;
    if (row.litellm_seq === seq && row.litellm_hash !== hash)
      return 'it is another one than the head that was kept';
    return null;
  }

  /** Looks at the next row; false once something is broken. */
  add(row: AuditRow): boolean {
    if (this.#broken !== null) return false;
    const reason = this.#fault(row);
    if (reason !== null) {
      this.#broken = { seq: row.litellm_seq, reason };
      return false;
    }
    this.#rows++;
    this.#head = { seq: row.litellm_seq, hash: row.litellm_hash };
    if (this.#kept?.seq === row.litellm_seq) this.#keptSeen = true;
    return true;
  }

  /** The result once every row was added; `head`: where the database says that the chain ends, null for an export. */
  end(head: AuditHead | null = null): ChainReport {
    return {
      rows: this.#rows,
      blanked: this.#blanked,
      head: this.#head,
      broken: this.#broken ?? this.#missingEnd(head),
    };
  }

  #missingEnd(head: AuditHead | null): ChainReport['broken'] {
    const { seq, hash } = this.#head;
    const last = Math.max(head?.seq ?? 0, this.#keptSeen ? 0 : (this.#kept?.seq ?? 0));
    if (last > seq) return { seq: seq + 1, reason: `${named(seq + 1, last)} at the end: missing` };
    if (head !== null && (head.seq !== seq || head.hash !== hash)) {
      return { seq, reason: 'it is not the end of the chain that audit_head names' };
    }
    return null;
  }
}
