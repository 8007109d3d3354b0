import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProductFacts } from '../../appliance/index.ts';
import { fingerprintOf, manifestPaths } from '../../operator/index.ts';
import { type BuildManifest, Failure, type InstalledPackage, sha256OfFile } from '../../packer/index.ts';
import type { CheckResult } from '../check-result.ts';
import { type PieceLine, renderIndex } from './index-page.ts';
import { packageDifference, readSetIdFiles, readUsers } from './lists.ts';
import {
  type DocumentName,
  documents,
  expectedChecks,
  foreignContent,
  ownPieces,
  type Piece,
} from './pieces.ts';
import { envelope, provenance, type Subject } from './provenance.ts';
import { type EvidenceFile, evidenceNames, type SignedEvidence } from './signed-evidence.ts';
import { type SigningKey, signatureOf } from './signing-key.ts';

/** Everything that speaks for an image. */
export interface EvidenceInputs {
  /** The directory that the image will lie in; its `evidence/` is made anew. The image itself need not be there yet. */
  readonly directory: string;
  readonly facts: ProductFacts;
  readonly manifest: BuildManifest;
  /** The root tree as it is on the disk, signed by `signManifest`. */
  readonly tree: string;
  /** Files of other rooms; one that is missing makes its check `not-run`. */
  readonly documents: Readonly<Partial<Record<DocumentName, string>>>;
  /** What content for another system says of this one. */
  readonly rehearsal?: string | undefined;
  readonly checks: readonly CheckResult[];
  /** Packages of the previous release; undefined when there was none. */
  readonly previous: readonly InstalledPackage[] | undefined;
  readonly key: SigningKey;
}

/**
 * Writes the evidence of an image into `<directory>/evidence`, and the signed list of image and evidence beside it.
 * A check that nobody carried out, or whose report is missing, is recorded as `not-run`.
 */
export async function writeEvidence(inputs: EvidenceInputs): Promise<SignedEvidence> {
  const { directory, manifest, key } = inputs;
  const place = join(directory, evidenceNames.directory);
  refuseOwnPlace(inputs, place);
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  for (const name of Object.keys(inputs.documents) as DocumentName[]) copyDocument(inputs, name, place);
  if (inputs.rehearsal !== undefined) copyFileSync(inputs.rehearsal, join(place, foreignContent.file));
  writeOwnPieces(inputs, place);
  const subject = await subjectOf(manifest, place);
  writeJson(place, ownPieces.provenance, envelope(provenance(manifest, subject), key));
  const checks = completeChecks(inputs);
  writeFileSync(join(place, 'index.html'), await indexPage(inputs, checks, place));

  const { name, version, base, target, commit, createdAt, image } = manifest;
  const signed: SignedEvidence = {
    format: 1,
    ...{ name, version, base, target, commit, createdAt },
    rehearsal: isRehearsal(inputs),
    rehearsalReasons: rehearsalReasons(inputs),
    ...(image && { image: { path: image.file, bytes: image.bytes, sha256: image.sha256 } }),
    files: await describeFiles(place),
    checks,
  };
  const content = `${JSON.stringify(signed, null, 2)}\n`;
  writeFileSync(join(directory, evidenceNames.signed), content);
  writeFileSync(join(directory, evidenceNames.signature), `${signatureOf(key, Buffer.from(content))}\n`);
  writeFileSync(join(directory, evidenceNames.publicKey), key.publicPem);
  return signed;
}

/** What lies where the evidence is made anew would be gone before it is copied. */
function refuseOwnPlace({ documents: given }: EvidenceInputs, place: string): void {
  const inside = Object.values(given).find((file) => file.startsWith(`${place}/`));
  if (inside !== undefined)
    throw new Failure(
      `${inside} lies where the evidence is made anew`,
      'hand over reports from another directory',
    );
}

function copyDocument({ documents: given }: EvidenceInputs, name: DocumentName, place: string): void {
  const from = given[name];
  if (from !== undefined && existsSync(from)) copyFileSync(from, join(place, documents[name].file));
}

function writeJson(place: string, { file }: Piece, value: object): void {
  writeFileSync(join(place, file), `${JSON.stringify(value, null, 2)}\n`);
}

function writeOwnPieces({ tree, facts, manifest, previous }: EvidenceInputs, place: string): void {
  const write = (piece: Piece, value: object): void => writeJson(place, piece, value);
  const inImage = manifestPaths(facts);
  for (const [path, { file }] of [
    [inImage.manifest, ownPieces.imageManifest],
    [inImage.signature, ownPieces.imageSignature],
  ] as const) {
    if (!existsSync(join(tree, path)))
      throw new Failure(
        `the tree has no ${path}`,
        'sign the manifest inside the image before the evidence is written',
      );
    copyFileSync(join(tree, path), join(place, file));
  }
  write(ownPieces.users, readUsers(tree));
  write(ownPieces.setuid, readSetIdFiles(tree));
  write(ownPieces.packages, manifest.packages);
  write(ownPieces.difference, packageDifference(manifest.packages, previous));
  write(ownPieces.buildManifest, manifest);
}

async function subjectOf({ image }: BuildManifest, place: string): Promise<Subject> {
  const { file } = ownPieces.imageManifest;
  return image ?? { file, sha256: await sha256OfFile(join(place, file)) };
}

/** The given results, corrected by what is there: each expected check is answered for, exactly once. */
function completeChecks({ checks, documents: given, manifest }: EvidenceInputs): CheckResult[] {
  const twice = checks.find(({ id }, index) => checks.findIndex((check) => check.id === id) !== index);
  if (twice !== undefined)
    throw new Failure(
      `two results were given for the check ${twice.id}`,
      'hand over one result for each check',
    );
  const notRun = (id: string, detail: string): CheckResult => ({
    id,
    status: 'not-run',
    detail,
    at: manifest.createdAt,
  });
  const missing = expectedChecks.filter((id) => !checks.some((check) => check.id === id));
  const answered = checks.map((check) => {
    const absent = documentsOf(check.id).filter(
      (name) => given[name] === undefined || !existsSync(given[name]),
    );
    if (check.status !== 'passed' || absent.length === 0) return check;
    return notRun(
      check.id,
      `said to have passed, but there is no ${absent.map((name) => documents[name].file).join(', ')}`,
    );
  });
  return [...answered, ...missing.map((id) => notRun(id, 'nobody carried it out'))].sort((a, b) =>
    a.id < b.id ? -1 : 1,
  );
}

function documentsOf(check: string): DocumentName[] {
  return (Object.keys(documents) as DocumentName[]).filter((name) => documents[name].check === check);
}

function rehearsalReasons({ manifest, key }: EvidenceInputs): string[] {
  return [...manifest.rehearsal, ...(key.rehearsal ? ['a rehearsal key signed it'] : [])];
}

function isRehearsal(inputs: EvidenceInputs): boolean {
  return rehearsalReasons(inputs).length > 0;
}

async function describeFiles(place: string): Promise<EvidenceFile[]> {
  const names = readdirSync(place).sort();
  return Promise.all(
    names.map(async (name) => ({
      path: `${evidenceNames.directory}/${name}`,
      bytes: statSync(join(place, name)).size,
      sha256: await sha256OfFile(join(place, name)),
    })),
  );
}

async function indexPage(
  inputs: EvidenceInputs,
  checks: readonly CheckResult[],
  place: string,
): Promise<string> {
  const { manifest, key } = inputs;
  const { name, version, base, target, commit, createdAt, image } = manifest;
  const pieces: readonly Piece[] = [
    ...Object.values(documents),
    ...(inputs.rehearsal === undefined ? [] : [foreignContent]),
    ...Object.values(ownPieces),
  ];
  return renderIndex({
    ...{ name, version, base, target, commit, createdAt, checks },
    image: image ?? null,
    attested: image?.file ?? `${evidenceNames.directory}/${ownPieces.imageManifest.file}`,
    isRehearsal: isRehearsal(inputs),
    rehearsalReasons: rehearsalReasons(inputs),
    fingerprint: fingerprintOf(key.publicPem),
    pieces: await Promise.all(pieces.map((piece) => lineOf(piece, checks, place))),
  });
}

async function lineOf(
  { title, file, check }: Piece,
  checks: readonly CheckResult[],
  place: string,
): Promise<PieceLine> {
  const isThere = existsSync(join(place, file));
  const result = checks.find(({ id }) => id === check)?.status ?? 'listed';
  return {
    title,
    file,
    status: result,
    isThere,
    sha256: isThere ? await sha256OfFile(join(place, file)) : '',
  };
}
