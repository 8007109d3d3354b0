import { mkdirSync, writeFileSync } from 'node:fs';
import { ensureTools, Failure, places, sha256, startIsolated, type Work } from '../../packer/index.ts';
import type { CheckResult } from '../check-result.ts';
import { PROFILE } from './catalogue.ts';
import { rulesToRecheck } from './container-limits.ts';
import { ensureScapContent, type Product, type ScapContent } from './content.ts';
import { checkedTailoring } from './documents.ts';
import { cisCheck, type Evidence, howItWasMade, judge } from './judge.ts';
import { ensureKit, KIT_IN_MACHINE, type Kit } from './kit.ts';
import { mergeOutcomes, notPassed, writeMergedArf } from './merge.ts';
import { writeRehearsal } from './rehearsal.ts';
import { writeReport } from './report.ts';
import type { RootShell } from './root-shell.ts';
import { scan, withKit } from './scan.ts';
import { readArf } from './scap-document.ts';
import type { CisScore } from './score.ts';
import { tailoredOut } from './tailoring.ts';
import type { Benchmark, TestResult } from './xccdf.ts';

/** Far above the seconds that it takes, many minutes where a processor is emulated beside other work. */
const BASELINE_MS = 60 * 60_000;

/** What is judged, and by what. */
export interface AuditOptions {
  /** Root tree of the machine; nothing is written into it. */
  readonly tree: string;
  readonly product: Product;
  readonly target: string;
  /** Directory for ARF, report and score. */
  readonly output: string;
  /** Content of another system that the machine is tried with as well, reported apart. */
  readonly rehearsal?: Product;
  /** Looks at the machine besides, after the scan and before the machine is ended. */
  readonly alsoLook?: (machine: RootShell) => Promise<void>;
}

/** The files of an audit, and what they say. */
export interface Audit {
  readonly arf: string;
  readonly html: string;
  /** The JSON of `result`. */
  readonly score: string;
  readonly result: CisScore;
  readonly check: CheckResult;
  /** What the content of another system said, where it was tried. */
  readonly rehearsal?: string;
}

/**
 * Scans a copy of the sealed tree that runs in a container with no network and goes through its first boot there
 * (`AUDIT=container`). Scanner and content are only shown to it. The check counts as not run before `recheckInVm`.
 */
export async function auditContainer(options: AuditOptions, work: Work): Promise<Audit> {
  const { tree, output, rehearsal } = options;
  const { kit, content } = await prepare(options, work);
  const machine = await work.log.step('start the machine that is judged', () =>
    startIsolated({
      tree,
      name: `judge-${sha256(places.root).slice(0, 8)}`,
      directory: `${places.cache}/judge`,
      shown: { [KIT_IN_MACHINE]: kit.directory },
      signal: work.signal,
    }),
  );
  const arf = containerArf(options);
  try {
    await assertFirstBooted(machine);
    await work.log.step('AIDE looks at what was shipped', () => baselineOf(machine));
    await work.log.step('OpenSCAP in a container', () => scan(machine, { by: 'content', arf }));
    if (rehearsal !== undefined) {
      await work.log.step(`OpenSCAP with content for ${rehearsal}`, () =>
        scan(machine, { by: 'rehearsal', arf: `${output}/rehearsal-arf.xml` }),
      );
    }
    await options.alsoLook?.(machine);
  } finally {
    await machine.end();
  }
  const whole = await readArf(arf);
  const evidence: Evidence = {
    ...whole,
    outcomes: whole.testResult.outcomes,
    rechecked: new Set(),
    wholeFrom: 'container',
    content: content.packages,
  };
  const audit = await conclude(evidence, arf, options, work);
  return rehearsal === undefined ? audit : { ...audit, rehearsal: await writeRehearsal(output, rehearsal) };
}

/** The judgement is about a machine that has made its own secrets and database, so one that has not is none. */
async function assertFirstBooted(machine: RootShell): Promise<void> {
  const { stdout } = await machine.run('systemctl is-active litellm-firstboot.service');
  if (stdout.trim() === 'active') return;
  const { stdout: log } = await machine.run('journalctl -u litellm-firstboot.service -n 20 --no-pager');
  throw new Failure(
    `the machine that is judged did not complete its first boot:\n${log}`,
    'give the tree that was sealed',
  );
}

/** AIDE builds its database in the background after first boot; rules ask for it. Returns when it is there. */
async function baselineOf(machine: RootShell): Promise<void> {
  const unit = 'litellm-aide-database.service';
  const { code } = await machine.run(
    `systemctl start ${unit}; while systemctl is-active --quiet ${unit}; do sleep 1; done; test -s /var/lib/aide/aide.db`,
    '',
    BASELINE_MS,
  );
  if (code === 0) return;
  const { stdout: log } = await machine.run(`journalctl -u ${unit} -n 20 --no-pager`);
  throw new Failure(`AIDE has no database:\n${log}`, `see the unit ${unit} in the machine that is judged`);
}

/**
 * Asks the rules that a container cannot judge again in the booted machine of the same image, and writes report and
 * score anew with its answers. Goes on from what `auditContainer` left in `options.output`, in this process or an earlier
 * one. The machine's disk must be one that is thrown away.
 */
export async function recheckInVm(machine: RootShell, options: AuditOptions, work: Work): Promise<Audit> {
  const { kit, content } = await prepare(options, work);
  const container = containerArf(options);
  const whole = await readArf(container);
  const rules = rulesToRecheck(whole.testResult, ...profileOf(whole, options.target));
  const ask = (asked: readonly string[]) => askAgain({ machine, kit, asked, options }, work);
  const answers = await ask(rules);
  let outcomes = mergeOutcomes(whole.testResult, answers, rules);
  const failed = notPassed(outcomes, rules);
  if (failed.length > 0) outcomes = mergeOutcomes({ ...answers, outcomes }, await ask(failed), failed);
  const origin = { rechecked: new Set(rules), wholeFrom: 'container' } as const;
  return concludeMerged(
    container,
    { ...whole, outcomes, ...origin, content: content.packages },
    options,
    work,
  );
}

/** Scans the whole profile in the booted machine, whose disk must be one that is thrown away. */
export async function auditVm(machine: RootShell, options: AuditOptions, work: Work): Promise<Audit> {
  const { kit, content } = await prepare(options, work);
  const first = `${options.output}/whole-arf.xml`;
  await work.log.step('AIDE looks at what was shipped', () => baselineOf(machine));
  await work.log.step('OpenSCAP in the virtual machine', () =>
    withKit(machine, kit, () => scan(machine, { by: 'content', arf: first })),
  );
  const whole = await readArf(first);
  const [selected, leftOut] = profileOf(whole, options.target);
  let { outcomes } = whole.testResult;
  const failed = notPassed(
    outcomes,
    [...selected].filter((rule) => !leftOut.has(rule)),
  );
  if (failed.length > 0) {
    const answers = await askAgain({ machine, kit, asked: failed, options }, work);
    outcomes = mergeOutcomes(whole.testResult, answers, failed);
  }
  await options.alsoLook?.(machine);
  const origin = { rechecked: new Set(failed), wholeFrom: 'vm' } as const;
  return concludeMerged(first, { ...whole, outcomes, ...origin, content: content.packages }, options, work);
}

/**
 * The rules that the profile selects, and those of which no machine need be asked again: tailored out for the target, or
 * beyond the content, whose answer is the same everywhere.
 */
function profileOf(
  { benchmark }: { readonly benchmark: Benchmark },
  target: string,
): [ReadonlySet<string>, ReadonlySet<string>] {
  const tailoring = checkedTailoring();
  const leftOut = [...tailoredOut(tailoring, target), ...tailoring.contentFaults].map(({ rule }) => rule);
  return [benchmark.profiles.get(PROFILE) ?? new Set(), new Set(leftOut)];
}

interface Question {
  readonly machine: RootShell;
  readonly kit: Kit;
  readonly asked: readonly string[];
  readonly options: AuditOptions;
}

async function askAgain({ machine, kit, asked, options }: Question, { log }: Work): Promise<TestResult> {
  const arf = `${options.output}/vm-arf.xml`;
  await log.step(`OpenSCAP in the virtual machine: ${asked.length} rules`, () =>
    withKit(machine, kit, () => scan(machine, { by: 'content', rules: asked, arf })),
  );
  return (await readArf(arf)).testResult;
}

async function prepare(
  { tree, product, rehearsal, output }: AuditOptions,
  work: Work,
): Promise<{ kit: Kit; content: ScapContent }> {
  mkdirSync(output, { recursive: true });
  await ensureTools('audit');
  const content = await ensureScapContent(work);
  const chosen = { product, ...(rehearsal === undefined ? {} : { rehearsal }) };
  return { kit: await ensureKit(tree, content, chosen, work), content };
}

/** Concludes from a scan, some of whose rules were asked again; writes the ARF that says the same. */
async function concludeMerged(
  scanned: string,
  evidence: Evidence,
  options: AuditOptions,
  work: Work,
): Promise<Audit> {
  const arf = `${options.output}/cis-arf.xml`;
  const { outcomes, wholeFrom } = evidence;
  await writeMergedArf(scanned, arf, outcomes, { how: howItWasMade(evidence), wholeFrom });
  return conclude(evidence, arf, options, work);
}

async function conclude(
  evidence: Evidence,
  arf: string,
  { output, target }: AuditOptions,
  work: Work,
): Promise<Audit> {
  const result = judge(evidence, checkedTailoring(), target);
  const [html, score] = [`${output}/cis-report.html`, `${output}/cis-score.json`];
  writeFileSync(score, `${JSON.stringify(result, null, 1)}\n`);
  await work.log.step('the report', () => writeReport(arf, html, result.how, work.signal));
  return { arf, html, score, result, check: cisCheck(result, new Date().toISOString()) };
}

function containerArf({ output }: AuditOptions): string {
  return `${output}/container-arf.xml`;
}
