import { readFileSync } from 'node:fs';
import { exitCodes, type Operator, OperatorError } from './operator.ts';
import {
  alarming,
  type Comparison,
  compareWithManifest,
  type Difference,
  type FileState,
} from './verify-files.ts';
import { manifestPaths, readSignedManifest, type SignedManifest } from './verify-manifest.ts';
import { fingerprintOf } from './verify-signature.ts';

export interface VerifyOptions {
  readonly json: boolean;
  /** Unset: the key that lies in the image. */
  readonly keyFile?: string;
}

/** What `litellm-ctl verify --json` prints. */
export interface Verification {
  readonly verdict: 'intact' | 'changed';
  readonly name: string;
  readonly version: string;
  readonly commit: string;
  /** Signed with a key that is nobody's. */
  readonly rehearsal: boolean;
  readonly key: { readonly fingerprint: string; readonly from: string };
  readonly counts: Readonly<Record<FileState | 'unchanged', number>>;
  readonly packages: Comparison['packages'];
  readonly files: readonly Difference[];
}

const STATES: readonly FileState[] = ['changed', 'missing', 'extra', 'edited', 'updated'];

/** `litellm-ctl verify`: compares the system below `root` with what was shipped, prints it and returns the exit code. */
export function verify(operator: Operator, options: VerifyOptions, root = '/'): number {
  const seen = readVerification(operator, options, root);
  operator.write(options.json ? `${JSON.stringify(seen, null, 2)}\n` : renderVerification(seen));
  return seen.verdict === 'intact' ? exitCodes.ok : exitCodes.problem;
}

function readVerification({ machine }: Operator, { keyFile }: VerifyOptions, root: string): Verification {
  const paths = manifestPaths(machine.facts);
  const { manifest, publicKey } = signedManifest(root, machine.facts, keyFile);
  const { files, differences, packages } = compareWithManifest(root, manifest, [
    paths.manifest,
    paths.signature,
  ]);
  const count = (state: FileState): number => differences.filter((file) => file.state === state).length;
  const extra = count('extra');
  return {
    verdict: differences.some(({ state }) => alarming.includes(state)) ? 'changed' : 'intact',
    name: manifest.name,
    version: manifest.version,
    commit: manifest.commit,
    rehearsal: manifest.rehearsal,
    key: { fingerprint: fingerprintOf(publicKey), from: keyFile ?? paths.publicKey },
    counts: {
      unchanged: files - (differences.length - extra),
      updated: count('updated'),
      edited: count('edited'),
      changed: count('changed'),
      missing: count('missing'),
      extra,
    },
    packages,
    files: differences,
  };
}

function signedManifest(
  root: string,
  facts: Operator['machine']['facts'],
  keyFile: string | undefined,
): SignedManifest {
  try {
    return readSignedManifest(root, facts, keyFile === undefined ? undefined : readFileSync(keyFile, 'utf8'));
  } catch (cause) {
    throw new OperatorError(
      `nothing can be said about this machine's files: ${(cause as Error).message}`,
      "give the publisher's key with --key; if the signature still fails, the list was altered: launch the image anew",
      { cause },
    );
  }
}

/** The verification for a person. */
export function renderVerification(seen: Verification): string {
  const { name, version, commit, rehearsal, key, counts, packages } = seen;
  const width = Math.max(...STATES.map((state) => state.length));
  const inOrder = [...seen.files].sort((a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state));
  const lines = inOrder.map(({ path, state, detail }) => `  ${state.padEnd(width)}  ${path}  (${detail})`);
  const totals = (['unchanged', ...STATES] as const).map((state) => `${counts[state]} ${state}`).join(', ');
  const remedy = 'what to do: if it was not you, take the machine off the network and launch the image anew';
  return [
    `${name} ${version}, commit ${commit}: ${seen.verdict}`,
    `  list signed by ${key.fingerprint} (${key.from})`,
    ...(rehearsal ? ["  that is a rehearsal key: nobody's word"] : []),
    `  ${totals}; ${packages.length} packages updated or removed`,
    ...lines,
    ...(seen.verdict === 'intact' ? [] : [remedy]),
    '',
  ].join('\n');
}
