/** The promises of the listing against the tests: each names tests that are there, and that have passed. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
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

/** Every test of the reports that the stages left in a directory. */
export function readOutcomes(directory: string): Outcome[] {
  const reports = existsSync(directory)
    ? readdirSync(directory).filter((file) => file.endsWith('.json'))
    : [];
  return reports
    .map((file) => JSON.parse(readFileSync(join(directory, file), 'utf8')) as Report)
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

/** A test file's own report, or for claims, which the tests of the image call, that of whoever called them. */
function isOf({ file }: Proof, outcome: Outcome): boolean {
  return file.endsWith('.test.ts') ? outcome.file === file : outcome.file.startsWith('tests/image/');
}

const name = ({ id }: Feature, { file, test }: Proof): string => `'${id}' promises what '${test}' of ${file}`;

/** Promises whose tests are not there. `read` gives a source, or undefined. */
export function unfoundedPromises(
  features: readonly Feature[],
  read: (file: string) => string | undefined = readSource,
): string[] {
  return features.flatMap((feature) =>
    feature.proofs
      .filter(({ file, test }) => !holdsTitle(read(file) ?? '', test))
      .map((proof) => `${name(feature, proof)} should prove: there is no such test`),
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
export function judgePromises(features: readonly Feature[], outcomes: readonly Outcome[]): Judgement {
  const proven = new Set<Outcome>();
  const faults = features.flatMap((feature) =>
    feature.proofs.flatMap((proof) => {
      const pattern = titlePattern(proof.test);
      const of = outcomes.filter((outcome) => isOf(proof, outcome) && pattern.test(outcome.title));
      for (const outcome of of) proven.add(outcome);
      const bad = of.find(({ status }) => status !== 'passed');
      if (of.length === 0) return [`${name(feature, proof)} should prove: it has not run`];
      return bad === undefined ? [] : [`${name(feature, proof)} should prove: '${bad.title}' ${bad.status}`];
    }),
  );
  return { tests: proven.size, faults };
}
