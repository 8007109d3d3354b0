import { createPrivateKey, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { type FileSystem, readTextIfAny, syncDirectory, writeFileAtomic } from '../appliance/index.ts';
import { type CertificateNames, dnsNames } from './certificate-names.ts';
import { hasGivenPair } from './given-pair.ts';
import { layoutOf } from './layout.ts';
import type { Machine } from './machine.ts';
import {
  linkTarget,
  pairLinks,
  pairPrefixes,
  removeOtherPairs,
  usePair,
  writePair,
} from './tls-directory.ts';

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
 * made, or undefined when the old one stays. A pair that the operator put in place of ours, by `litellm-ctl certificate
 * --install` or by hand, is left alone.
 */
export async function ensureTlsPair(machine: Machine, need: PairNeed): Promise<string | undefined> {
  const { fs, facts } = machine;
  const { tls } = facts.paths;
  fs.mkdirSync(tls, { recursive: true, mode: 0o755 });
  const links = pairLinks.map(([name, target]) => [join(tls, name), target] as const);
  const foreign = ([path, target]: readonly [string, string]): boolean =>
    ![undefined, target].includes(linkTarget(fs, path));
  if (hasGivenPair(machine) || links.some(foreign)) return undefined;

  const fault = pairFault(fs, layoutOf(facts).currentPair, need, machine.now());
  if (fault !== undefined) await replacePair(machine, need);
  for (const [path, target] of links) {
    if (linkTarget(fs, path) === undefined) fs.symlinkSync(target, path);
  }
  removeOtherPairs(machine);
  syncDirectory(fs, tls);
  return fault;
}

async function replacePair(machine: Machine, { names, machineId }: PairNeed): Promise<void> {
  const { fs, facts } = machine;
  // The library that makes certificates takes longer to load than the rest of the program, which seldom needs one.
  const { makePair } = await import('./certificate.ts');
  const name = writePair(machine, pairPrefixes.made, await makePair(names, machine.now()));
  writeFileAtomic(fs, join(facts.paths.tls, name, MADE_ON), `${machineId}\n`, { mode: 0o600 });
  usePair(machine, name);
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
