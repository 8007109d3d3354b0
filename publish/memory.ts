import fs, { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeFileAtomic } from '../appliance/index.ts';

/**
 * What is remembered of an upload that is under way, so that another run goes on with it. Readable by its owner alone: the
 * address of a resumable upload is as good as a credential.
 */
export class Memory<T> {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  read(): T | undefined {
    return existsSync(this.#path) ? (JSON.parse(readFileSync(this.#path, 'utf8')) as T) : undefined;
  }

  write(value: T): void {
    mkdirSync(dirname(this.#path), { recursive: true });
    writeFileAtomic(fs, this.#path, `${JSON.stringify(value)}\n`, { mode: 0o600 });
  }

  forget(): void {
    rmSync(this.#path, { force: true });
  }
}
