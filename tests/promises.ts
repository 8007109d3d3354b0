/** The promises of the listing against the tests: each names tests that are there, and that have passed. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { places } from '../packer/index.ts';
import type { Feature, Proof } from '../sbom/index.ts';

/** One test of a report. */
export interface Outcome {
  /** The file that the runner started, from the root of the repository. */
  readonly file: string;
  readonly title: string;
  readonly status: string;
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
  }[];
}

/** Every test of the reports that these stages have left in a directory; what others once left there is of another time. */
export function readOutcomes(directory: string, stages: readonly string[]): Outcome[] {
  return stages
    .map((stage) => join(directory, `${stage}.json`))
    .filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, 'utf8')) as Report)
    .flatMap(({ testResults }) => testResults)
    .flatMap(({ name, assertionResults }) =>
      assertionResults.map(({ title, status }) => ({ file: relative(places.root, name), title, status })),
    );
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** What a test that is made from a table puts values for, and a template as well. */
const PLACEHOLDER = /%[sdifjoO#$%]|\$\{[^}]*\}|\$[A-Za-z_][A-Za-z0-9_.]*/g;

/** Matches the titles that a title in a source becomes. */
export function titlePattern(title: string): RegExp {
  const fixed = title.split(PLACEHOLDER).map(escaped);
  return new RegExp(`^${fixed.join('.+')}$`, 's');
}

/** Whether a source has a test of this title: as the first argument of a call that is not `describe`. */
export function holdsTitle(source: string, title: string): boolean {
  const quotes = [`'${title.replaceAll("'", "\\'")}'`, `"${title}"`, `\`${title}\``];
  const spelled = quotes.map(escaped).join('|');
  return new RegExp(`(?<!describe|skip|todo)\\(\\s*(?:${spelled})\\s*,`).test(source);
}

type ReadSource = (file: string) => string | undefined;

/** A test file's own report, or for claims, which tests beside them call, that of one that does. */
function isOf({ file }: Proof, outcome: Outcome, read: ReadSource): boolean {
  if (file.endsWith('.test.ts')) return outcome.file === file;
  return dirname(outcome.file) === dirname(file) && claimsOf(outcome.file, read).includes(file);
}

/** The files with claims that a test file calls. */
function claimsOf(testFile: string, read: ReadSource): string[] {
  const imported = (read(testFile) ?? '').matchAll(/ from '\.\/(claims-[^']+\.ts)'/g);
  return [...imported].map(([, name = '']) => join(dirname(testFile), name));
}

const name = ({ id }: Feature, { file, test }: Proof): string => `'${id}' promises what '${test}' of ${file}`;

/** Promises whose tests are not there. `read` gives a source, or undefined. */
export function unfoundedPromises(features: readonly Feature[], read: ReadSource = readSource): string[] {
  return features.flatMap((feature) =>
    feature.proofs
      .filter(({ file, test }) => !holdsTitle(read(file) ?? '', test))
      .map((proof) => `${name(feature, proof)} should prove: there is no such test`),
  );
}

/**
 * Promises whose proof a report cannot tell from another test: those whose title stands in a second one of the files with
 * claims that a test file calls.
 */
export function ambiguousPromises(
  features: readonly Feature[],
  testFiles: readonly string[],
  read: ReadSource = readSource,
): string[] {
  return features.flatMap((feature) =>
    feature.proofs.flatMap((proof) => {
      const beside = testFiles.map((file) => claimsOf(file, read)).filter((of) => of.includes(proof.file));
      const others = [...new Set(beside.flat())].filter(
        (file) => file !== proof.file && holdsTitle(read(file) ?? '', proof.test),
      );
      return others.map(
        (file) => `${name(feature, proof)} should prove: ${basename(file)} has that title too`,
      );
    }),
  );
}

function readSource(file: string): string | undefined {
  const path = join(places.root, file);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** What the promises rest on: how many tests have passed for them, and which promises have none or one that did not pass. */
export interface Judgement {
  readonly tests: number;
  readonly faults: readonly string[];
}

/** Holds promises against what the stages have reported: a test that is not in a report has not passed. */
export function judgePromises(
  features: readonly Feature[],
  outcomes: readonly Outcome[],
  read: ReadSource = readSource,
): Judgement {
  const proven = new Set<Outcome>();
  const faults = features.flatMap((feature) =>
    feature.proofs.flatMap((proof) => {
      const pattern = titlePattern(proof.test);
      const of = outcomes.filter((outcome) => isOf(proof, outcome, read) && pattern.test(outcome.title));
      for (const outcome of of) proven.add(outcome);
      const bad = of.find(({ status }) => status !== 'passed');
      if (of.length === 0) return [`${name(feature, proof)} should prove: it has not run`];
      return bad === undefined ? [] : [`${name(feature, proof)} should prove: '${bad.title}' ${bad.status}`];
    }),
  );
  return { tests: proven.size, faults };
}
