import type { SaxesTagNS } from 'saxes';
import { Failure } from '../../packer/index.ts';
import type { Reader } from './reader.ts';
import { type Benchmark, type Item, type Rule, shortId } from './xccdf.ts';

/** A group or rule whose end has not come yet. */
interface OpenItem {
  readonly id: string;
  readonly weight: number;
  readonly items: Item[];
  readonly severity: string;
  title: string | undefined;
}

const attribute = (tag: SaxesTagNS, name: string): string | undefined => tag.attributes[name]?.value;

/** Collects the benchmark of a document. Its end tag ends the collection: what stands behind it is something else. */
export class BenchmarkReader implements Reader {
  #id: string | undefined;
  #version = '';
  #date = '';
  #within = false;
  readonly #path: string[] = [];
  readonly #open: OpenItem[] = [];
  readonly #items: Item[] = [];
  readonly #rules = new Map<string, Rule>();
  readonly #profiles = new Map<string, Set<string>>();
  #profile = new Set<string>();

  open(tag: SaxesTagNS): void {
    if (tag.local === 'Benchmark' && this.#id === undefined) {
      this.#id = attribute(tag, 'id') ?? '';
      this.#within = true;
    }
    if (!this.#within) return;
    this.#path.push(tag.local);
    const id = attribute(tag, 'id') ?? '';
    if (tag.local === 'status' && this.#path.at(-2) === 'Benchmark')
      this.#date = attribute(tag, 'date') ?? '';
    if (tag.local === 'Profile') {
      this.#profile = new Set();
      this.#profiles.set(shortId(id), this.#profile);
    }
    if (tag.local === 'select') this.#select(tag);
    if (tag.local === 'Group' || tag.local === 'Rule') {
      const weight = Number(attribute(tag, 'weight') ?? 1);
      const severity = attribute(tag, 'severity') ?? 'unknown';
      this.#open.push({ id: shortId(id), weight, severity, items: [], title: undefined });
    }
  }

  #select(tag: SaxesTagNS): void {
    const id = shortId(attribute(tag, 'idref') ?? '');
    if (attribute(tag, 'selected') === 'true') this.#profile.add(id);
    else this.#profile.delete(id);
  }

  close(local: string, text: string): void {
    if (!this.#within) return;
    this.#path.pop();
    const item = this.#open.at(-1);
    const parent = this.#path.at(-1);
    if (local === 'title' && parent === 'Rule' && item !== undefined) item.title ??= text.trim();
    if (local === 'version' && parent === 'Benchmark') this.#version = text.trim();
    if (local === 'Benchmark') this.#within = false;
    if ((local === 'Group' || local === 'Rule') && item !== undefined) {
      this.#open.pop();
      this.#keep(item, local);
    }
  }

  #keep({ id, weight, items, severity, title = '' }: OpenItem, local: 'Group' | 'Rule'): void {
    const siblings = this.#open.at(-1)?.items ?? this.#items;
    if (local === 'Group') siblings.push({ id, weight, items });
    else {
      siblings.push({ id, weight });
      this.#rules.set(id, { title, severity });
    }
  }

  /** The benchmark, whose profiles select groups as well: only rules count. */
  finish(path: string): Benchmark {
    if (this.#id === undefined || this.#rules.size === 0)
      throw new Failure(`${path} holds no benchmark`, 'give an ARF or a SCAP data stream');
    const rules = this.#rules;
    const onlyRules = (selected: Set<string>) => new Set([...selected].filter((id) => rules.has(id)));
    return {
      id: this.#id,
      version: this.#version,
      date: this.#date,
      items: this.#items,
      rules,
      profiles: new Map([...this.#profiles].map(([id, selected]) => [id, onlyRules(selected)])),
    };
  }
}
