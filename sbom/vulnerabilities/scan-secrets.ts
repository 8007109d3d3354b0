import { randomBytes } from 'node:crypto';
import { copyFile, link, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CheckResult } from '../check-result.ts';
import { NotRun, resultOf } from './not-run.ts';
import { ownFiles } from './own-files.ts';
import type { AllowedSecret } from './policy.ts';
import type { Trivy } from './trivy.ts';
import { readTrivyReport, resultsOf, type TrivyReport } from './trivy-report.ts';
import { runTrivy } from './trivy-run.ts';

/** Where the scanner found something that looks like a secret; never what. */
export interface SecretFind {
  readonly path: string;
  readonly rule: string;
  readonly line: number;
}

export interface SecretScan {
  /** The directory whose files are scanned. */
  readonly root: string;
  /** Paths below it, each with a slash at its beginning. */
  readonly files: readonly string[];
  readonly trivy: Trivy;
  readonly allowed: readonly AllowedSecret[];
  readonly signal?: AbortSignal;
}

export interface SecretOutcome {
  readonly result: CheckResult;
  /** What the policy does not allow. */
  readonly finds?: readonly SecretFind[];
  /** Exceptions that covered nothing this time. */
  readonly unused?: readonly AllowedSecret[];
}

const SECRETS_CHECK = 'secrets';
const SCAN_MS = 20 * 60_000;
const MOST_LINES = 20;
const rules = fileURLToPath(new URL('secret-rules.yaml', import.meta.url));

/**
 * Looks for secrets in a root file system: in every file that is not byte for byte a Debian package's. Those are the
 * distribution's, test keys of its programs among them, and the same on every machine in the world.
 */
export async function scanTreeForSecrets(
  tree: string,
  scan: Pick<SecretScan, 'trivy' | 'allowed' | 'signal'>,
): Promise<SecretOutcome> {
  return scanSecrets({ ...scan, root: tree, files: await ownFiles(tree) });
}

/** Looks for secrets in the given files. A scanner that fails, or that overlooks the keys planted beside them, is `not-run`. */
export async function scanSecrets(scan: SecretScan): Promise<SecretOutcome> {
  return resultOf(SECRETS_CHECK, async () => {
    const at = new Date().toISOString();
    const found = await allFinds(scan);
    const isAllowed = ({ path, rule }: SecretFind, by: AllowedSecret) => by.path === path && by.rule === rule;
    const finds = found.filter((find) => !scan.allowed.some((by) => isAllowed(find, by)));
    const unused = scan.allowed.filter((by) => !found.some((find) => isAllowed(find, by)));
    const summary = `${scan.files.length} files, ${finds.length} secrets, ${found.length - finds.length} allowed by the policy`;
    const told = finds.slice(0, MOST_LINES).map(({ path, rule, line }) => `${path}:${line} ${rule}`);
    if (finds.length > told.length) told.push(`and ${finds.length - told.length} more`);
    const status = finds.length === 0 ? 'passed' : 'failed';
    return {
      result: { id: SECRETS_CHECK, status, detail: [summary, ...told].join('\n'), at },
      finds,
      unused,
    };
  });
}

async function allFinds({ root, files, trivy, signal }: SecretScan): Promise<SecretFind[]> {
  if (files.length === 0) throw new NotRun(`there is no file to scan for secrets in ${root}`);
  const staged = await mkdtemp(join(tmpdir(), 'secrets-'));
  try {
    const names = new Map(files.map((path) => [unskippable(path), path]));
    for (const [name, path] of names) await stage(`${root}${path}`, `${staged}${name}`);
    const canaries = await plantCanaries(staged);
    const args = ['rootfs', '--scanners', 'secret', '--secret-config', rules, staged];
    const report = readTrivyReport(await runTrivy(trivy, { args, timeoutMs: SCAN_MS }, signal));
    return withoutCanaries(findsOf(report, names), canaries);
  } finally {
    await rm(staged, { recursive: true, force: true });
  }
}

/** A second name where both lie on one file system: a tree has large files. */
async function stage(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await link(from, to).catch(() => copyFile(from, to));
}

function findsOf(report: TrivyReport, names: ReadonlyMap<string, string>): SecretFind[] {
  return resultsOf(report).flatMap(({ Target, Secrets }) =>
    (Secrets ?? []).map(({ RuleID, StartLine }) => {
      const name = `/${Target.replace(/^\//, '')}`;
      return { path: names.get(name) ?? name, rule: RuleID, line: StartLine };
    }),
  );
}

const SKIPPED_DIRECTORIES = /\/(node_modules|\.git)(?=\/)/g;
const SKIPPED_NAMES =
  /\/(?:go\.(?:mod|sum)|[^/]*[.-]lock(?:\.\w+)?|[^/]*\.(?:jpg|png|gif|doc|pdf|bin|svg|socket|deb|rpm|zip|gz|gzip|tar))$/i;

/** A path under which Trivy looks into a file that it would pass over by its name. */
function unskippable(path: string): string {
  return path.replaceAll(SKIPPED_DIRECTORIES, '/$1-').replace(SKIPPED_NAMES, '$&.txt');
}

/**
 * Keys made for this scan, one for each family of rules, under names that Trivy's own exceptions would leave out. A
 * scan that overlooks one has not looked.
 */
async function plantCanaries(staged: string): Promise<Map<string, string>> {
  const directory = `/usr/share/example-${randomBytes(8).toString('hex')}`;
  const word = (length: number) => randomBytes(length).toString('hex').slice(0, length).toUpperCase();
  const planted = new Map([
    ['private-key', `-----BEGIN PRIVATE KEY-----\n${word(64)}\n${word(64)}\n-----END PRIVATE KEY-----\n`],
    ['aws-access-key-id', `aws_access_key_id = AKIA${word(16)}\n`],
    ['virtual-or-provider-key', `key: sk-${word(32)}\n`],
    ['provider-key', `key: gsk_${word(52)}\n`],
  ]);
  const paths = new Map<string, string>();
  await mkdir(`${staged}${directory}/tests`, { recursive: true });
  for (const [rule, text] of planted) {
    const path = `${directory}/tests/${rule}.md`;
    await writeFile(`${staged}${path}`, text);
    paths.set(path, rule);
  }
  return paths;
}

function withoutCanaries(finds: readonly SecretFind[], canaries: ReadonlyMap<string, string>): SecretFind[] {
  const overlooked = [...canaries].filter(
    ([path, rule]) => !finds.some((find) => find.path === path && find.rule === rule),
  );
  if (overlooked.length > 0) {
    throw new NotRun(
      `the secret scanner overlooked planted keys: ${overlooked.map(([, rule]) => rule).join(', ')}`,
    );
  }
  return finds.filter(({ path }) => !canaries.has(path));
}
