/** What is kept of a look-up: the value found, or that there is none. */
interface Entry<T> {
  readonly value: T;
  readonly freshUntil: number;
  /** When it was last put behind the others. */
  movedAt: number;
}

/** What is used more often than that keeps its place: to move an entry at each call has the map built anew all the time. */
const MOVE_EVERY_MS = 1000;

/** A bounded map that forgets what was used longest ago, to the second. */
class RecentMap<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #limit: number;
  readonly #ttlMs: number;

  constructor(limit: number, ttlMs: number) {
    this.#limit = limit;
    this.#ttlMs = ttlMs;
  }

  /** What was kept, also when it is older than its time. */
  get(key: string, now: number): Entry<T> | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || now - entry.movedAt < MOVE_EVERY_MS) return entry;
    entry.movedAt = now;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry;
  }

  set(key: string, value: T, now: number): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, freshUntil: now + this.#ttlMs, movedAt: now });
    if (this.#entries.size <= this.#limit) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  deleteWhere(matches: (value: T) => boolean): void {
    for (const [key, { value }] of this.#entries) if (matches(value)) this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }
}

/** What is answered while the table is away. */
export interface Outage<T> {
  /** Whether a look-up has failed for that reason. */
  readonly isOne: (error: unknown) => boolean;
  /** What stands for a key that nobody remembers. */
  readonly stranger: T;
}

export interface KeyCacheOptions<T> {
  readonly load: (hash: string) => Promise<T | undefined>;
  /** Whether every change is known to have evicted what it changed: if not, what is kept may be old, and is looked up. */
  readonly certain: (now: number) => boolean;
  /** Null where nothing is answered then. With it a key that was kept is answered however old it is. */
  readonly outage: Outage<T> | null;
  readonly clock: () => number;
  readonly limit: number;
  readonly ttlMs: number;
  /** How long "there is no such key" is believed: short, since a key may be generated in the meantime. */
  readonly absentTtlMs: number;
}

/**
 * Keys by hash. Look-ups of one key that run at the same time share one query. Absent keys have their own bounded map,
 * so that made-up keys never push out real ones. What was loaded before an eviction is handed to whoever waits for it,
 * but not kept: it may show the key as it was before the change.
 */
export class KeyCache<T extends object> {
  readonly #options: KeyCacheOptions<T>;
  readonly #present: RecentMap<T>;
  readonly #absent: RecentMap<true>;
  readonly #loading = new Map<string, Promise<T | undefined>>();

  constructor(options: KeyCacheOptions<T>) {
    this.#options = options;
    this.#present = new RecentMap(options.limit, options.ttlMs);
    this.#absent = new RecentMap(options.limit, options.absentTtlMs);
  }

  /** The key's value, null when it is known to be absent, a promise when it must be looked up. */
  get(hash: string): T | null | Promise<T | null> {
    const { clock, certain, outage } = this.#options;
    const now = clock();
    const sure = certain(now);
    const known = this.#present.get(hash, now);
    if (known !== undefined && (sure ? now < known.freshUntil : outage !== null)) return known.value;
    if (sure && now < (this.#absent.get(hash, now)?.freshUntil ?? 0)) return null;
    if (outage === null) return this.#load(hash);
    return this.#load(hash).catch((error) => {
      if (!outage.isOne(error)) throw error;
      return known?.value ?? outage.stranger;
    });
  }

  async #load(hash: string): Promise<T | null> {
    const running = this.#loading.get(hash);
    if (running !== undefined) return (await running) ?? null;
    const load = this.#options.load(hash);
    this.#loading.set(hash, load);
    try {
      const value = await load;
      // An eviction takes the look-up out of the map; its result is then not kept.
      if (this.#loading.get(hash) === load) this.#keep(hash, value);
      return value ?? null;
    } finally {
      if (this.#loading.get(hash) === load) this.#loading.delete(hash);
    }
  }

  #keep(hash: string, value: T | undefined): void {
    const now = this.#options.clock();
    if (value === undefined) this.#absent.set(hash, true, now);
    else this.#present.set(hash, value, now);
  }

  evict(hash: string): void {
    this.#loading.delete(hash);
    this.#present.delete(hash);
    this.#absent.delete(hash);
  }

  /** Evicts every value that fits; of what is being looked up nobody knows yet, so no look-up under way is kept. */
  evictWhere(matches: (value: T) => boolean): void {
    this.#loading.clear();
    this.#present.deleteWhere(matches);
  }

  clear(): void {
    this.#loading.clear();
    this.#present.clear();
    this.#absent.clear();
  }
}
