import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { $ } from 'zx';
import { machineFacts, readFacts } from '../../appliance/index.ts';
import { readCatalogue } from './catalogue.ts';
import { checkedTailoring, cisDocuments, cisTailoredOut, productOf } from './documents.ts';
import { tailoredOut } from './tailoring.ts';
import { tailoredProfileId } from './xccdf-tailoring.ts';

const all = readFacts();
const facts = machineFacts(all, 'debian-13', 'qemu', 'abc');
const [forPeople, forScanner] = cisDocuments(facts);
const rules = tailoredOut(checkedTailoring(), 'qemu');

test('people read every rule with its title, reason and compensation, at the place that listings name', () => {
  expect(forPeople?.path).toBe('/usr/share/doc/lynxroute/CIS_TAILORED_PROFILE.md');
  const titles = readCatalogue().debian13?.rules ?? {};
  for (const { rule, reason, compensation } of rules) {
    expect(forPeople?.content).toContain(
      `### ${rule}\n\n${titles[rule]}\n\n- Why: ${reason}\n- Instead: ${compensation}\n`,
    );
  }
  expect(forPeople?.content.match(/^- Instead: /gm)).toHaveLength(rules.length);
});

test('people read which rules the content cannot judge', () => {
  for (const { rule, result, reason } of checkedTailoring().contentFaults) {
    expect(forPeople?.content).toContain(`### ${rule}\n`);
    expect(forPeople?.content).toContain(`- Result: \`${result}\`\n- Why: ${reason}\n`);
  }
});

test('OpenSCAP accepts the tailoring, which extends the profile by exactly these rules', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'tailoring-')), 'cis-tailoring.xml');
  writeFileSync(file, forScanner?.content ?? '');
  const validated = await $({ quiet: true, nothrow: true })`oscap xccdf validate --skip-schematron ${file}`;
  expect(validated.stdout + validated.stderr).toBe('');
  expect(validated.exitCode).toBe(0);
  const { stdout } = await $({ quiet: true })`oscap info ${file}`;
  expect(stdout).toContain('Document type: XCCDF Tailoring');
  expect(stdout).toContain(tailoredProfileId(facts));
  const deselected = [...(forScanner?.content ?? '').matchAll(/content_rule_(\S+)" selected="false"/g)];
  expect(deselected.map(([, rule]) => rule)).toEqual(rules.map(({ rule }) => rule));
});

test('the role is told to leave alone what is tailored out', () => {
  expect(cisTailoredOut('debian-13', 'qemu')).toEqual(rules.map(({ rule }) => rule));
});

test.each(Object.keys(all.bases))('%s has content to be judged by', (base) => {
  expect(Object.keys(readCatalogue()[productOf(base)]?.rules ?? {}).length).toBeGreaterThan(400);
});

test('a base whose content nobody can fetch is refused', () => {
  const bases = { moon: { ...all.bases['debian-13'], scap: 'moon1' } } as typeof all.bases;
  expect(() => productOf('moon', { ...all, bases })).toThrow("the base moon is judged by 'moon1'");
});
