import { readFileSync } from 'node:fs';
import Handlebars from 'handlebars';
import type { MachineFacts } from '../../appliance/index.ts';
import type { ProductCatalogue } from './catalogue.ts';
import { type Tailoring, tailoredOut } from './tailoring.ts';
import { profileId, ruleId } from './xccdf.ts';

/** Id of the profile that the tailoring file defines. */
export function tailoredProfileId({ vendor }: Pick<MachineFacts, 'vendor'>): string {
  return `xccdf_${vendor.directory}_profile_cis_level1_server_tailored`;
}

/** The tailoring in XCCDF's own form: `oscap xccdf eval --tailoring-file` repeats the tailored scan with it. */
export function renderXccdfTailoring(
  tailoring: Tailoring,
  { date, rules }: ProductCatalogue,
  facts: Pick<MachineFacts, 'version' | 'target' | 'vendor'>,
): string {
  const template = readFileSync(new URL('xccdf-tailoring.xml.hbs', import.meta.url), 'utf8');
  return Handlebars.compile(template, { strict: true })({
    vendor: facts.vendor.directory,
    version: facts.version,
    date,
    id: tailoredProfileId(facts),
    extends: profileId(tailoring.profile),
    rules: tailoredOut(tailoring, facts.target)
      .filter(({ rule }) => rules[rule] !== undefined)
      .map(({ rule, reason }) => ({ id: ruleId(rule), reason })),
  });
}
