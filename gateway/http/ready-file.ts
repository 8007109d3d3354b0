import { rmSync, writeFileSync } from 'node:fs';

/** The file that tells the edge that the gateway serves: nginx answers 503 by itself while it is not there. */
export class ReadyFile {
  readonly #path: string | null;

  constructor(path: string | null) {
    this.#path = path;
  }

  create(): void {
    if (this.#path !== null) writeFileSync(this.#path, '', { mode: 0o644 });
  }

  remove(): void {
    if (this.#path !== null) rmSync(this.#path, { force: true });
  }
}
