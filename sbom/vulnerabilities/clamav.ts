import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { $, which } from 'zx';
import { ensureTools, Failure, sha256OfFile } from '../../packer/index.ts';
import { ageFault } from './database.ts';
import { NotRun } from './not-run.ts';

/** A ClamAV and what is known of it. */
export interface Clamav {
  readonly path: string;
  readonly version: string;
  readonly sha256: string;
}

/** A signature database. */
export interface Signatures {
  readonly directory: string;
  readonly madeAt: string;
  /** Unsigned, so not ClamAV's own: it was made by a test and is fit for a rehearsal only. */
  readonly rehearsal: boolean;
}

/** The distribution's ClamAV, installed where it is missing; its update service is not started. */
export async function ensureClamav(): Promise<Clamav> {
  await ensureTools('malware');
  const path = await which('clamscan', { nothrow: true });
  if (path === null) {
    throw new Failure('clamscan is not in PATH', 'see that the package clamav is whole on this machine');
  }
  const said = (await $({ quiet: true })`${path} --version`).stdout;
  return {
    path,
    version: /^ClamAV ([^/\s]+)/.exec(said)?.[1] ?? 'unknown',
    sha256: await sha256OfFile(path),
  };
}

/** Where the distribution's freshclam keeps the databases; CLAMAV_DATABASE names another place. */
export function signatureDirectory(): string {
  const given = process.env.CLAMAV_DATABASE;
  return given === undefined || given === '' ? '/var/lib/clamav' : given;
}

const SIGNED = ['cvd', 'cld'];
const HEADER_BYTES = 512;

/** What the database in a directory says of itself. Throws NotRun when there is none that may be used at `now`. */
export async function readSignatures(directory: string, maxAgeDays: number, now: Date): Promise<Signatures> {
  const find = (name: string, endings: readonly string[]) =>
    endings.map((ending) => `${directory}/${name}.${ending}`).find((file) => existsSync(file));
  const signed = find('daily', SIGNED);
  const daily = signed ?? find('daily', ['cud']);
  if (daily === undefined) throw new NotRun(`no malware database in ${directory}: run freshclam`);
  if (signed !== undefined && find('main', SIGNED) === undefined) {
    throw new NotRun(`the malware database in ${directory} has no main part: run freshclam`);
  }
  const madeAt = await timeOf(daily);
  const fault = ageFault(madeAt, maxAgeDays, now);
  if (fault !== undefined) throw new NotRun(`the malware database ${fault}`);
  return { directory, madeAt: madeAt.toISOString(), rehearsal: signed === undefined };
}

/** The header is one line of fields between colons; the ninth is when it was made, in seconds. */
async function timeOf(file: string): Promise<Date> {
  await using handle = await open(file);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
  const fields = buffer.toString('latin1', 0, bytesRead).trimEnd().split(':');
  if (fields[0] !== 'ClamAV-VDB' || !/^\d+$/.test(fields[8] ?? '')) {
    throw new NotRun(`the malware database ${file} has no header of ClamAV`);
  }
  return new Date(Number(fields[8]) * 1000);
}
