import type { SaxesTagNS } from 'saxes';
import { Failure } from '../../packer/index.ts';
import type { Reader } from './reader.ts';
import { RULE_RESULTS, type RuleOutcome, type RuleResult, shortId, type TestResult } from './xccdf.ts';

const DEFAULT_SCORE = 'urn:xccdf:scoring:default';
const SCANNER_FACT = /^urn:xccdf:fact:scanner:(name|version)$/;

const attribute = (tag: SaxesTagNS, name: string): string => tag.attributes[name]?.value ?? '';

/** Collects what came of a scan. */
export class TestResultReader implements Reader {
  #within = false;
  #seen = false;
  #attributes = { startedAt: '', endedAt: '' };
  #profile = '';
  #score = Number.NaN;
  readonly #scanner: string[] = [];
  readonly #outcomes = new Map<string, RuleOutcome>();
  #tag: SaxesTagNS | undefined;
  #rule: { id: string; severity: string; weight: number } | undefined;

  open(tag: SaxesTagNS): void {
    this.#tag = tag;
    if (tag.local === 'TestResult') this.#begin(tag);
    if (!this.#within) return;
    if (tag.local === 'profile') this.#profile = shortId(attribute(tag, 'idref'));
    if (tag.local === 'rule-result') {
      const id = shortId(attribute(tag, 'idref'));
      if (this.#outcomes.has(id))
        throw new Failure(`the rule ${id} has two results`, 'judge one scan at a time');
      this.#rule = {
        id,
        severity: attribute(tag, 'severity'),
        weight: Number(attribute(tag, 'weight') || 1),
      };
    }
  }

  #begin(tag: SaxesTagNS): void {
    if (this.#seen) throw new Failure('the document holds two scans', 'judge one scan at a time');
    this.#within = this.#seen = true;
    this.#attributes = { startedAt: attribute(tag, 'start-time'), endedAt: attribute(tag, 'end-time') };
  }

  close(local: string, text: string): void {
    if (!this.#within) return;
    if (local === 'TestResult') this.#within = false;
    if (local === 'result' && this.#rule !== undefined) this.#keep(this.#rule, text.trim());
    if (local === 'rule-result') this.#rule = undefined;
    const tag = this.#tag;
    if (tag === undefined) return;
    if (local === 'fact' && SCANNER_FACT.test(attribute(tag, 'name'))) this.#scanner.push(text.trim());
    if (local === 'score' && attribute(tag, 'system') === DEFAULT_SCORE) this.#score = Number(text);
  }

  #keep({ id, ...rule }: { id: string; severity: string; weight: number }, result: string): void {
    const known = RULE_RESULTS.find((name): name is RuleResult => name === result);
    if (known === undefined)
      throw new Failure(
        `the rule ${id} has the result '${result}'`,
        `XCCDF knows ${RULE_RESULTS.join(', ')}`,
      );
    this.#outcomes.set(id, { ...rule, result: known });
  }

  finish(): TestResult | undefined {
    if (!this.#seen) return undefined;
    return {
      ...this.#attributes,
      profile: this.#profile,
      scanner: this.#scanner.join(' '),
      score: this.#score,
      outcomes: this.#outcomes,
    };
  }
}
