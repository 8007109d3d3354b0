import type { Finding } from './config.ts';

/** Collects every fault and warning of one reading, so that the operator sees all of them at once. */
export class Findings {
  readonly faults: Finding[] = [];
  readonly warnings: Finding[] = [];

  fault(path: string, message: string): void {
    this.faults.push({ path, message });
  }

  warn(path: string, message: string): void {
    this.warnings.push({ path, message });
  }
}

export type Settings = Readonly<Record<string, unknown>>;

/** Whether a YAML value is a map. */
export function isMap(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function kindOf(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Date) return 'a date';
  return isMap(value) ? 'a map' : `a ${typeof value}`;
}

/** Reads typed values out of one map; a wrong type becomes a fault that names path, what stands there and what should. */
export class Reader {
  readonly #map: Settings;
  readonly #path: string;
  readonly #findings: Findings;

  constructor(map: Settings, path: string, findings: Findings) {
    this.#map = map;
    this.#path = path;
    this.#findings = findings;
  }

  /** The value of `key` when `accepts` takes it; undefined when it is absent, null or wrong. */
  #read<T>(key: string, wanted: string, accept: (value: unknown) => T | undefined): T | undefined {
    const value = this.#map[key];
    if (value === undefined || value === null) return undefined;
    const accepted = accept(value);
    if (accepted === undefined) {
      this.#findings.fault(
        this.#path === '' ? key : `${this.#path}.${key}`,
        `must be ${wanted}, not ${kindOf(value)}`,
      );
    }
    return accepted;
  }

  text(key: string): string | undefined {
    return this.#read(key, 'a text', (value) => {
      if (typeof value === 'number') return String(value);
      return typeof value === 'string' && value !== '' ? value : undefined;
    });
  }

  boolean(key: string): boolean | undefined {
    return this.#read(key, 'true or false', (value) => {
      if (value === 'true' || value === 'True') return true;
      if (value === 'false' || value === 'False') return false;
      return typeof value === 'boolean' ? value : undefined;
    });
  }

  /** A number, also when written as a text, in the given range. */
  number(key: string, minimum: number, maximum = Number.MAX_SAFE_INTEGER): number | undefined {
    return this.#read(key, `a number from ${minimum} to ${maximum}`, (value) => {
      const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
      const fits = typeof number === 'number' && number >= minimum && number <= maximum;
      return fits ? number : undefined;
    });
  }

  /** One of a few words. */
  choice<T extends string>(key: string, choices: readonly T[]): T | undefined {
    return this.#read(key, choices.join(' or '), (value) => choices.find((choice) => choice === value));
  }

  map(key: string): Settings | undefined {
    return this.#read(key, 'a map', (value) => (isMap(value) ? value : undefined));
  }

  list(key: string): readonly unknown[] | undefined {
    return this.#read(key, 'a list', (value) => (Array.isArray(value) ? value : undefined));
  }

  texts(key: string): readonly string[] | undefined {
    return this.#read(key, 'a list of texts', (value) =>
      Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined,
    );
  }

  /** A map whose values are texts (numbers and booleans are written as such). */
  textMap(key: string): Readonly<Record<string, string>> | undefined {
    return this.#read(key, 'a map of texts', (value) => {
      if (!isMap(value)) return undefined;
      const entries = Object.entries(value).filter(([, item]) => item !== null);
      if (entries.some(([, item]) => typeof item === 'object')) return undefined;
      return Object.fromEntries(entries.map(([name, item]) => [name, String(item)]));
    });
  }
}
