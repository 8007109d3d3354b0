import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exampleAddresses, type Facts } from '../appliance/index.ts';
import {
  expectedChecks,
  expectedKey,
  fileFaults,
  readRows,
  readSignedEvidence,
  type SignedEvidence,
  type Verification,
  verifyExitCodes,
} from '../sbom/index.ts';
import type { PublishedArtefact } from './artefact.ts';

/** Why an image is not published. */
export interface Refusal {
  readonly reason: string;
  readonly remedy: string;
  /** Holds for every rehearsal: passed over where nothing leaves this machine. */
  readonly ofRehearsal?: true;
}

/** What an image is judged with. */
export interface Judge {
  readonly facts: Facts;
  readonly rehearsalKeyFile: string;
  readonly now: Date;
}

const DAY_MS = 24 * 60 * 60_000;
/** Marketplaces expect a build every month. */
const MAX_AGE_DAYS = 30;
/** What these say of the world is out of date sooner. */
const SOONER: Readonly<Record<string, number>> = { cve: 7, malware: 7 };
const VERIFICATION = 'verification.json';
const AGAIN = 'make the image again';

/** Everything that speaks against publishing an image; empty when nothing does. */
export async function refusals(artefact: PublishedArtefact, judge: Judge): Promise<Refusal[]> {
  return [
    ...addressRefusals(judge.facts),
    ...(await evidenceRefusals(artefact, judge)),
    ...verificationRefusals(artefact, judge.now),
  ];
}

function addressRefusals(facts: Facts): Refusal[] {
  return exampleAddresses(facts).map((address) => ({
    reason: `appliance.yaml has no address for buyers: ${address}`,
    remedy: 'write the pages and the contact that buyers are sent to into its block listing',
  }));
}

async function evidenceRefusals(artefact: PublishedArtefact, judge: Judge): Promise<Refusal[]> {
  const { facts, rehearsalKeyFile, now } = judge;
  let signed: SignedEvidence;
  try {
    const key = expectedKey(facts, artefact.evidence, { release: false, rehearsalKeyFile });
    signed = readSignedEvidence(artefact.evidence, key);
  } catch (error) {
    return [
      {
        reason: `there is no evidence that the publisher's key or this checkout's has signed: ${(error as Error).message}`,
        remedy: "make the image with 'make release'",
      },
    ];
  }
  return [
    ...(await fileFaults(artefact.evidence, signed)).map((fault) => ({ reason: fault, remedy: AGAIN })),
    ...identityRefusals(artefact, signed),
    ...rehearsalRefusals(artefact, signed),
    ...checkRefusals(signed, now),
    ...ageRefusals('the evidence', signed.createdAt, MAX_AGE_DAYS, now),
  ];
}

function identityRefusals(
  { manifest, sha256, target }: PublishedArtefact,
  signed: SignedEvidence,
): Refusal[] {
  const remedy = AGAIN;
  return [
    signed.image?.sha256 === sha256 ? [] : { reason: 'evidence.json speaks of another image', remedy },
    signed.target === target
      ? []
      : { reason: `evidence.json speaks of target ${signed.target}, not of ${target}`, remedy },
    signed.version === manifest.version && signed.commit === manifest.commit
      ? []
      : { reason: 'evidence.json and manifest.json speak of different commits', remedy },
  ].flat();
}

function rehearsalRefusals({ manifest }: PublishedArtefact, signed: SignedEvidence): Refusal[] {
  const reasons = [...new Set([...signed.rehearsalReasons, ...manifest.rehearsal])];
  if (signed.rehearsal && reasons.length === 0) reasons.push('evidence.json says so');
  return reasons.map((reason) => ({
    reason: `it is a rehearsal: ${reason}`,
    remedy: "make it with 'make release', from the base that ships",
    ofRehearsal: true,
  }));
}

function checkRefusals({ checks }: SignedEvidence, now: Date): Refusal[] {
  const missing = expectedChecks
    .filter((id) => !checks.some((check) => check.id === id))
    .map((id) => ({ reason: `${id}: the evidence holds no result`, remedy: AGAIN }));
  const judged = checks.flatMap(({ id, status, detail, at }): Refusal[] => {
    const old = ageRefusals(id, at, SOONER[id] ?? MAX_AGE_DAYS, now);
    if (status === 'passed') return old;
    const remedy =
      status === 'failed'
        ? 'mend what it found, then make the image again'
        : 'make it possible, then make the image again';
    const refusal = { reason: `${id}: ${status}: ${detail}`, remedy };
    return status === 'failed' ? [refusal] : [{ ...refusal, ofRehearsal: true }];
  });
  return [...missing, ...judged];
}

function verificationRefusals({ evidence, manifest, target }: PublishedArtefact, now: Date): Refusal[] {
  const remedy = `make verify IMAGE=${evidence} TARGET=${target}`;
  const verification = readVerification(join(evidence, VERIFICATION));
  if (verification === undefined)
    return [
      {
        reason: `${VERIFICATION} is missing: nobody has held it to the checklist`,
        remedy,
        ofRehearsal: true,
      },
    ];
  const { image, rows, exitCode } = verification;
  const wanted = `${manifest.name} ${manifest.version}, commit ${manifest.commit}`;
  const missing = readRows().filter(({ id }) => !rows.some((row) => row.id === id));
  const created = Date.parse(manifest.createdAt);
  return [
    image === wanted ? [] : { reason: `${VERIFICATION} speaks of ${image}`, remedy },
    verification.target === target ? [] : { reason: `${VERIFICATION} is for ${verification.target}`, remedy },
    rows.some(({ at }) => Date.parse(at) < created)
      ? { reason: `${VERIFICATION} is older than the image`, remedy }
      : [],
    missing.map(({ id }) => ({ reason: `${VERIFICATION} lacks row ${id}`, remedy })),
    rows
      .filter(({ status }) => status === 'failed' || status === 'not-run')
      .map(({ id, status, detail }) => ({
        reason: `${id}: ${status}: ${detail}`,
        remedy,
        ...(status === 'not-run' ? { ofRehearsal: true as const } : {}),
      })),
    exitCode === verifyExitCodes.failed && !rows.some(({ status }) => status === 'failed')
      ? { reason: `${VERIFICATION} ended with ${exitCode}`, remedy }
      : [],
    ...rows.slice(0, 1).map(({ at }) => ageRefusals(VERIFICATION, at, MAX_AGE_DAYS, now)),
  ].flat();
}

/** Undefined when there is none; one that cannot be read throws, as something is wrong there. */
function readVerification(path: string): Verification | undefined {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Verification) : undefined;
}

function ageRefusals(what: string, at: string, maxDays: number, now: Date): Refusal[] {
  const days = (now.getTime() - Date.parse(at)) / DAY_MS;
  if (days <= maxDays && days >= -1) return [];
  const age = Number.isNaN(days)
    ? `has no date (${at})`
    : days < 0
      ? 'is dated in the future'
      : `is ${Math.floor(days)} days old`;
  return [{ reason: `${what} ${age}; at most ${maxDays} days are taken`, remedy: AGAIN }];
}
