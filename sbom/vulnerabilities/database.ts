import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { $ } from 'zx';
import { places, sha256OfFile } from '../../packer/index.ts';
import { NotRun } from './not-run.ts';
import type { Trivy } from './trivy.ts';
import { endOf, scannerEnvironment } from './trivy-run.ts';

/** The vulnerability database that a scan used. */
export interface Database {
  readonly updatedAt: string;
  readonly sha256: string;
  /** It was made by a test and knows nothing of the world: fit for a rehearsal only. */
  readonly rehearsal: boolean;
}

interface Metadata {
  readonly Version: 2;
  readonly UpdatedAt: string;
  readonly Rehearsal?: boolean;
}

const DOWNLOAD_MS = 5 * 60_000;
const DAY_MS = 86_400_000;

const validate = new Ajv().compile<Metadata>({
  type: 'object',
  required: ['Version', 'UpdatedAt'],
  properties: {
    Version: { const: 2 },
    UpdatedAt: { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT' },
    Rehearsal: { type: 'boolean' },
  },
});

/**
 * The directory with a vulnerability database: the one that TRIVY_CACHE_DIR names, which is used as it is, else our own,
 * which is renewed when it is missing or older than allowed.
 */
export async function ensureDatabase(
  trivy: Trivy,
  maxAgeDays: number,
  { signal, own = `${places.cache}/trivy` }: { signal?: AbortSignal | undefined; own?: string } = {},
): Promise<string> {
  const given = process.env.TRIVY_CACHE_DIR;
  if (given !== undefined && given !== '') return given;
  const fresh = await readDatabase(own, maxAgeDays, new Date()).catch(() => undefined);
  if (fresh === undefined) await download(trivy, own, signal);
  return own;
}

async function download(trivy: Trivy, directory: string, signal?: AbortSignal): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'trivy-'));
  try {
    const shell = $({
      quiet: true,
      nothrow: true,
      cwd: home,
      env: scannerEnvironment(home),
      timeout: DOWNLOAD_MS,
      ...(signal === undefined ? {} : { signal }),
    });
    const ended = await shell`${trivy.path} image --download-db-only --no-progress --cache-dir ${directory}`;
    signal?.throwIfAborted();
    if (ended.exitCode === 0) return;
    throw new NotRun(
      `no vulnerability database: its download ${endOf(ended)}; give one with TRIVY_CACHE_DIR`,
    );
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** What the database in Trivy's cache directory says of itself. Throws NotRun when there is none that may be used at `now`. */
export async function readDatabase(directory: string, maxAgeDays: number, now: Date): Promise<Database> {
  const [file, about] = [`${directory}/db/trivy.db`, `${directory}/db/metadata.json`];
  if (!existsSync(file) || !existsSync(about)) {
    throw new NotRun(`no vulnerability database in ${directory}/db`);
  }
  const metadata = parseMetadata(readFileSync(about, 'utf8'));
  const fault = ageFault(new Date(metadata.UpdatedAt), maxAgeDays, now);
  if (fault !== undefined) throw new NotRun(`the vulnerability database ${fault}`);
  return {
    updatedAt: metadata.UpdatedAt,
    sha256: await sha256OfFile(file),
    rehearsal: metadata.Rehearsal === true,
  };
}

function parseMetadata(text: string): Metadata {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    found = undefined;
  }
  if (!validate(found))
    throw new NotRun("the vulnerability database's metadata.json is not of the known form");
  return found;
}

/** What is wrong with the age of a database; undefined when nothing is. One from the future says that a clock is wrong. */
export function ageFault(madeAt: Date, maxAgeDays: number, now: Date): string | undefined {
  const days = (now.getTime() - madeAt.getTime()) / DAY_MS;
  if (Number.isNaN(days)) return 'does not say when it was made';
  if (days < -1) return `was made on ${madeAt.toISOString()}, which is yet to come: a clock is wrong`;
  if (days > maxAgeDays) return `is ${Math.floor(days)} days old, and ${maxAgeDays} are allowed: renew it`;
  return undefined;
}
