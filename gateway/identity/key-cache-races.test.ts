import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KeyCache } from './key-cache.ts';

interface Key {
  readonly version: number;
}

const names = ['a', 'b', 'c', 'd'] as const;

/** A cache over a table whose look-ups see it when they begin, and answer when the test says. */
class Race {
  readonly #table = new Map<string, Key>();
  readonly #loads: { readonly name: string; readonly answer: () => void }[] = [];
  readonly #cache = new KeyCache<Key>({
    load: (name) => {
      const seen = this.#table.get(name);
      const { promise, resolve } = Promise.withResolvers<Key | undefined>();
      this.#loads.push({ name, answer: () => resolve(seen) });
      return promise;
    },
    certain: () => true,
    outage: null,
    clock: () => 0,
    limit: 2,
    ttlMs: 60,
    absentTtlMs: 60,
  });
  #version = 0;

  write(name: string): void {
    this.#table.set(name, { version: ++this.#version });
    this.#cache.evict(name);
  }

  delete(name: string): void {
    this.#table.delete(name);
    this.#cache.evict(name);
  }

  /** A change of many keys at once, of which only this much is heard. */
  writeAll(): void {
    for (const name of names) this.#table.set(name, { version: ++this.#version });
    this.#cache.clear();
  }

  /** Begins a look-up, unless the key is kept: then it is what the table holds. */
  read(name: string): void {
    const kept = this.#cache.get(name);
    if (!(kept instanceof Promise)) expect(kept).toEqual(this.#table.get(name) ?? null);
  }

  async finish(name: string): Promise<void> {
    for (const load of this.#loads) if (load.name === name) load.answer();
    await nextTurn();
  }
}

const command = fc.record({
  act: fc.constantFrom(
    'write' as const,
    'delete' as const,
    'read' as const,
    'finish' as const,
    'writeAll' as const,
  ),
  name: fc.constantFrom(...names),
});

test('however look-ups and changes overlap, what is kept is what the table holds', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 40 }), async (commands) => {
      const race = new Race();
      for (const { act, name } of commands) await race[act](name);
      for (const name of names) {
        await race.finish(name);
        race.read(name);
      }
    }),
  );
});
