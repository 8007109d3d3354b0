/**
 * Which changes have been heard of, by their numbers: announced one after the other, and read from the database now and then.
 * What was missed is noticed by a gap.
 */
export class HeardVersions {
  /** All changes up to this one were heard of; null before anything was read. */
  #last: number | null = null;

  get last(): number | null {
    return this.#last;
  }

  /** Notes that a change was announced whole; true when one before it was missed. */
  announced(version: number): boolean {
    const { last } = this;
    // Before the first reading nothing is remembered; what a reading has told already may be announced late.
    if (last === null || version <= last) return false;
    this.#last = version;
    return version > last + 1;
  }

  /**
   * Notes what the database says; true when changes were missed. `asked`: `last` when it was asked. A number below it is that
   * of another database, such as a restored one.
   */
  read(version: number, asked: number | null): boolean {
    const { last } = this;
    if (last !== null && version <= last && (asked === null || version >= asked)) return false;
    this.#last = version;
    return true;
  }
}
