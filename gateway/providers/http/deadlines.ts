import type { Timers } from '../../accounting/timers.ts';

/** Something that has a deadline at any time, which may move. */
export interface Timed {
  /** On the clock of the deadlines. */
  readonly deadline: number;
  /** Called once it is past; it is over then, or has a later one. */
  expire(): void;
}

/** Deadlines are met no more exactly than that. */
const GRAIN_MS = 10;

/** Many deadlines and one timer: nearly all of them move before they are met. */
export class Deadlines {
  readonly now: () => number;
  readonly #timers: Pick<Timers, 'after'>;
  readonly #members = new Set<Timed>();
  #dueAt = Number.POSITIVE_INFINITY;
  #cancel: () => void = () => undefined;

  constructor(timers: Pick<Timers, 'after'>, now: () => number) {
    this.#timers = timers;
    this.now = now;
  }

  add(member: Timed): void {
    this.#members.add(member);
    this.moved(member);
  }

  delete(member: Timed): void {
    this.#members.delete(member);
    if (this.#members.size > 0) return;
    this.#cancel();
    this.#dueAt = Number.POSITIVE_INFINITY;
  }

  /** A member's deadline is another one. */
  moved({ deadline }: Timed): void {
    if (deadline >= this.#dueAt) return;
    this.#cancel();
    this.#dueAt = deadline;
    this.#cancel = this.#timers.after(Math.max(GRAIN_MS, deadline - this.now()), () => this.#look());
  }

  #look(): void {
    this.#dueAt = Number.POSITIVE_INFINITY;
    const now = this.now();
    for (const member of [...this.#members]) {
      if (member.deadline <= now) member.expire();
    }
    let next: Timed | null = null;
    for (const member of this.#members) {
      if (next === null || member.deadline < next.deadline) next = member;
    }
    if (next !== null) this.moved(next);
  }
}
