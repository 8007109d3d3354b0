import { readFileSync } from 'node:fs';
import Handlebars from 'handlebars';
import type { MachineFacts } from '../../appliance/index.ts';
import type { ProductCatalogue } from './catalogue.ts';
import type { Product } from './content.ts';
import { type Tailoring, tailoredOut } from './tailoring.ts';

/** The tailoring for people, rule by rule: what is left out, why, and what protects the machine instead. */
export function renderTailoredProfile(
  tailoring: Tailoring,
  product: Product,
  { version: contentVersion, rules: titles }: ProductCatalogue,
  facts: Pick<MachineFacts, 'name' | 'version' | 'target' | 'vendor'>,
): string {
  const known = ({ rule }: { rule: string }) => titles[rule] !== undefined;
  const titled = <T extends { rule: string }>(entry: T) => ({ ...entry, title: titles[entry.rule] });
  const rules = tailoredOut(tailoring, facts.target).filter(known);
  const template = readFileSync(new URL('tailored-profile.md.hbs', import.meta.url), 'utf8');
  return Handlebars.compile(template, { strict: true, noEscape: true })({
    name: facts.name,
    version: facts.version,
    vendor: facts.vendor.directory,
    profile: tailoring.profile,
    contentVersion,
    product,
    selected: Object.keys(titles).length,
    count: rules.length,
    rules: rules.map((rule) => ({ ...titled(rule), targets: rule.targets?.join(', ') ?? '' })),
    faults: tailoring.contentFaults.filter(known).map(titled),
  });
}
