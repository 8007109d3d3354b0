import { createPrivateKey, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { type FileSystem, readTextIfAny, syncDirectory, writeFileAtomic } from '../appliance/index.ts';
import { type CertificateNames, dnsNames, makePair } from './certificate.ts';
import { layoutOf } from './layout.ts';
import type { Machine } from './machine.ts';

const DAY_MS = 24 * 60 * 60_000;
const RENEW_BEFORE_MS = 60 * DAY_MS;

/** In a pair's directory: the machine that the pair was made on, since a copy of a machine must not share its key. */
const MADE_ON = 'made-on';

export interface PairNeed {
  readonly machineId: string;
  /** What a new pair is made for. */
  readonly names: CertificateNames;
  /** Whether a pair that stands must hold all of `names`; before the network is up they are not all known. */
  readonly mustCover: boolean;
}

/**
 * Sees to it that nginx finds a certificate and its key. Both lie in one directory, reached through one link that is
 * replaced in one step, so that nobody ever meets a certificate with the other one's key. Returns why a new pair was
 * made, or undefined when the old one stays. A pair that the operator put in place of ours is left alone.
 */
export async function ensureTlsPair(machine: Machine, need: PairNeed): Promise<string | undefined> {
  const { fs, facts } = machine;
  const layout = layoutOf(facts);
  fs.mkdirSync(facts.paths.tls, { recursive: true, mode: 0o755 });
  const links = [
    [layout.certificate, 'current/cert.pem'],
    [layout.certificateKey, 'current/key.pem'],
  ] as const;
  const foreign = ([path, target]: readonly [string, string]): boolean =>
    ![undefined, target].includes(linkTarget(fs, path));
  if (links.some(foreign)) return undefined;

  const fault = pairFault(fs, layout.currentPair, need, machine.now());
  if (fault !== undefined) await replacePair(machine, need);
  for (const [path, target] of links) {
    if (linkTarget(fs, path) === undefined) fs.symlinkSync(target, path);
  }
  removeOtherPairs(fs, facts.paths.tls);
  syncDirectory(fs, facts.paths.tls);
  return fault;
}

async function replacePair(machine: Machine, { names, machineId }: PairNeed): Promise<void> {
  const { fs } = machine;
  const { tls } = machine.facts.paths;
  const pair = await makePair(names, machine.now());
  const name = `pair-${machine.randomBytes(8).toString('hex')}`;
  const directory = join(tls, name);
  fs.mkdirSync(directory, { mode: 0o700 });
  writeFileAtomic(fs, join(directory, 'key.pem'), pair.keyPem, { mode: 0o600 });
  writeFileAtomic(fs, join(directory, 'cert.pem'), pair.certificatePem, { mode: 0o644 });
  writeFileAtomic(fs, join(directory, MADE_ON), `${machineId}\n`, { mode: 0o600 });
  const newLink = join(tls, '.current.new');
  fs.rmSync(newLink, { force: true });
  fs.symlinkSync(name, newLink);
  fs.renameSync(newLink, join(tls, 'current'));
  syncDirectory(fs, tls);
}

function removeOtherPairs(fs: FileSystem, tls: string): void {
  const current = linkTarget(fs, join(tls, 'current'));
  const others = fs.readdirSync(tls).filter((name) => name.startsWith('pair-') && name !== current);
  for (const name of others) fs.rmSync(join(tls, name), { recursive: true, force: true });
}

/** Why the pair in `directory` will not do; undefined when it will. */
export function pairFault(fs: FileSystem, directory: string, need: PairNeed, now: Date): string | undefined {
  const certificatePem = readTextIfAny(fs, join(directory, 'cert.pem'));
  const keyPem = readTextIfAny(fs, join(directory, 'key.pem'));
  if (certificatePem === undefined || keyPem === undefined) return 'there is none yet';
  const certificate = readMatching(certificatePem, keyPem);
  if (certificate === undefined) return 'certificate and key do not belong together';
  if (readTextIfAny(fs, join(directory, MADE_ON))?.trim() !== need.machineId)
    return 'it was made on another machine';
  if (certificate.validFromDate > now) return 'it is not valid yet';
  if (certificate.validToDate.getTime() - now.getTime() < RENEW_BEFORE_MS) return 'it expires soon';
  return need.mustCover ? missingName(certificate, need.names) : undefined;
}

function readMatching(certificatePem: string, keyPem: string): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(certificatePem);
    return certificate.checkPrivateKey(createPrivateKey(keyPem)) ? certificate : undefined;
  } catch {
    return undefined;
  }
}

function missingName(certificate: X509Certificate, names: CertificateNames): string | undefined {
  const name = dnsNames(names).find((candidate) => certificate.checkHost(candidate) === undefined);
  const missing = name ?? names.addresses.find((address) => certificate.checkIP(address) === undefined);
  return missing === undefined ? undefined : `it does not name ${missing}`;
}

/** Where a link leads; undefined when there is nothing, and '' when there is something else than a link. */
function linkTarget(fs: FileSystem, path: string): string | undefined {
  try {
    return fs.readlinkSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code === 'EINVAL') return '';
    throw error;
  }
}
