import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Facts } from '../../appliance/index.ts';
import { fingerprintOf } from '../../operator/index.ts';
import { Failure, type Git, type Manifest } from '../../packer/index.ts';
import { verifyExitCodes } from '../checklist/judge.ts';
import { readBuildManifest } from '../checklist/verify-image.ts';
import { publishersKey } from '../evidence/expected-key.ts';
import { readPreviousPackages } from '../evidence/lists.ts';
import { readSignedEvidence, type SignedEvidence } from '../evidence/signed-evidence.ts';
import type { SigningKey } from '../evidence/signing-key.ts';

/** What a person asked `make release` for. */
export interface ReleaseOptions {
  readonly base: string;
  readonly target: string;
  /** Package list of the previous release, or `none`. */
  readonly previous: string | undefined;
  /** Variables that would have something other than the whole, made from the whole. */
  readonly shortcuts: readonly string[];
}

/** How a release touches the world. */
export interface ReleaseSteps {
  readonly git: Git;
  /** Runs a target of the Makefile for the release; returns its exit code. */
  make(target: 'image' | 'verify', variables: Readonly<Record<string, string>>): Promise<number>;
  /** The publisher's key; throws Failure when it cannot be had or is not his. */
  key(): Promise<SigningKey>;
  /** Where `make image` puts the image of a base. */
  directoryOf(base: string): string;
}

/**
 * Makes a release and returns its directory: image, checks and signature from a clean tagged tree. It substitutes nothing and
 * skips nothing; whatever is not as it should be throws Failure, and what was built then is no release.
 */
export async function release(facts: Facts, options: ReleaseOptions, steps: ReleaseSteps): Promise<string> {
  refuseShortcuts(options);
  const commit = await taggedCommit(facts, steps.git);
  publishersKey(facts);
  await steps.key();
  const { base, target } = options;
  const previous = previousList(options);

  const variables = { BASE: base, TARGET: target, PREVIOUS: previous, RELEASE: '1' };
  if ((await steps.make('image', variables)) !== 0)
    throw new Failure('the image could not be made', 'see the step that failed above');
  const directory = steps.directoryOf(base);
  const manifest = readBuildManifest(directory);
  refuseSubstitutes(manifest, options, commit);
  refuseIncomplete(readEvidence(directory, facts), manifest);

  const outcome = await steps.make('verify', { IMAGE: directory, TARGET: target, RELEASE: '1' });
  refuseUnverified(outcome, directory);
  if ((await taggedCommit(facts, steps.git)) !== commit)
    throw new Failure(
      'the commit changed while the release was made',
      'make it again and leave the tree alone',
    );
  return directory;
}

function refuseShortcuts({ shortcuts }: ReleaseOptions): void {
  if (shortcuts.length === 0) return;
  throw new Failure(
    `a release takes no shortcut, and ${shortcuts.join(', ')} is set`,
    `unset it: ${shortcuts.map((name) => `unset ${name}`).join('; ')}`,
  );
}

/** The commit of a clean tree that carries the tag of its version. Throws Failure for any other tree. */
export async function taggedCommit({ version }: Facts, git: Git): Promise<string> {
  const commit = await git('rev-parse', 'HEAD');
  const changes = await git('status', '--porcelain');
  if (commit === undefined || changes === undefined)
    throw new Failure('this is no git checkout', 'make the release from a clone of the repository');
  if (changes.trim() !== '')
    throw new Failure(
      `the work tree is not clean:\n${changes.trimEnd()}`,
      'commit or remove what is listed; a release is made from a commit',
    );
  const tags = (await git('tag', '--points-at', 'HEAD')) ?? '';
  const wanted = [`v${version}`, version];
  if (!tags.split('\n').some((tag) => wanted.includes(tag.trim())))
    throw new Failure(
      `the commit does not carry the tag of version ${version}`,
      `tag it (git tag -a v${version}), or check out the tag`,
    );
  return commit.trim();
}

function previousList({ previous }: ReleaseOptions): string {
  if (previous === undefined || previous === '')
    throw new Failure(
      'PREVIOUS is not set, so what has changed since the last release cannot be told',
      'give evidence/packages.json of the previous release, or PREVIOUS=none for the first one',
    );
  readPreviousPackages(previous);
  return previous;
}

function refuseSubstitutes(manifest: Manifest, { base, target }: ReleaseOptions, commit: string): void {
  const made = { base: manifest.base, target: manifest.target, commit: manifest.commit };
  for (const [name, wanted] of Object.entries({ base, target, commit })) {
    const found = made[name as keyof typeof made];
    if (found !== wanted)
      throw new Failure(
        `the image is of ${name} ${found} instead of ${wanted}`,
        'make it where that can be had',
      );
  }
  if (manifest.rehearsal.length > 0)
    throw new Failure(
      `the image is a rehearsal: ${manifest.rehearsal.join('; ')}`,
      'make it from the base that ships, where its sources can be reached',
    );
}

function readEvidence(directory: string, facts: Facts): SignedEvidence {
  const key = publishersKey(facts);
  try {
    return readSignedEvidence(directory, key);
  } catch (cause) {
    throw new Failure(
      `the evidence is not signed with the publisher's key ${fingerprintOf(key)}: ${(cause as Error).message}`,
      'make the release again; SIGNING_KEY has to reach make image',
      { cause },
    );
  }
}

function refuseIncomplete(signed: SignedEvidence, manifest: Manifest): void {
  if (signed.image?.sha256 !== manifest.image.sha256)
    throw new Failure('the evidence speaks of another image', 'make the release again');
  refuseOpen(signed);
}

/** Throws Failure for evidence that calls itself a rehearsal, or in which a check has not passed. */
export function refuseOpen({ rehearsal, checks }: Pick<SignedEvidence, 'rehearsal' | 'checks'>): void {
  if (rehearsal)
    throw new Failure('the evidence calls itself a rehearsal', 'see rehearsalReasons in evidence.json');
  const open = checks.filter(({ status }) => status !== 'passed');
  if (checks.length === 0 || open.length > 0)
    throw new Failure(
      `not every check passed:\n${open.map(({ id, status, detail }) => `  ${id}: ${status}: ${detail}`).join('\n')}`,
      'a check that could not run is a failed one: make it possible, then make the release again',
    );
}

function refuseUnverified(outcome: number, directory: string): void {
  if (outcome === verifyExitCodes.passed && existsSync(join(directory, 'verification.json'))) return;
  const why =
    outcome === verifyExitCodes.notRun
      ? 'something of the checklist did not run'
      : outcome === verifyExitCodes.passed
        ? 'make verify left no result'
        : 'the image does not pass the checklist';
  throw new Failure(why, 'see the table above, and verification.json beside the image');
}
