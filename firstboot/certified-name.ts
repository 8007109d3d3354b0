import { X509Certificate } from 'node:crypto';
import { type FileSystem, type MachineFacts, readTextIfAny, rewriteFileAtomic } from '../appliance/index.ts';
import { dnsNamesIn, isDnsName } from './certificate-names.ts';
import { withCredentialFields } from './credentials.ts';
import { hasGivenPair } from './given-pair.ts';
import { layoutOf } from './layout.ts';
import type { Machine } from './machine.ts';
import { adminUrlAt } from './whereabouts.ts';

/** The names that the site has servers for: certbot's, and those that the operator has written. */
export function siteNames(fs: FileSystem, facts: MachineFacts): string[] {
  return serverNames(siteOf(fs, facts));
}

function siteOf(fs: FileSystem, { paths }: MachineFacts): string {
  return readTextIfAny(fs, paths.edgeSite) ?? '';
}

function serverNames(site: string): string[] {
  const names = [...site.matchAll(/^\s*server_name\s+([^;]+);/gm)].flatMap(([, words = '']) =>
    words.trim().split(/\s+/),
  );
  return [...new Set(names)].filter((name) => /^(\*\.)?[a-z0-9][a-z0-9.-]*$/i.test(name)).sort();
}

/**
 * The name under which a certificate of the operator's is served: of one that he has installed, which everybody is shown,
 * else of one that certbot keeps, of several names the one that was asked for first. Undefined where there is only the
 * machine's own, or one for all names of a domain.
 */
export function certifiedName(machine: Machine): string | undefined {
  const site = siteOf(machine.fs, machine.facts);
  const named = serverNames(site);
  // certbot names a certificate after the first of its names.
  const first = named.filter((name) => site.includes(`/live/${name}/`));
  return [...namesOfGivenPair(machine), ...first, ...named].find(isDnsName);
}

/** Where the admin UI is, on a machine that has a certificate for a name; undefined on another. */
export function certifiedAdminUrl(machine: Machine): string | undefined {
  const name = certifiedName(machine);
  return name === undefined ? undefined : adminUrlAt(name);
}

/** Has the credentials file, if it is still there, name the admin UI as the certificate does. */
export function nameAdminUrl(machine: Machine): void {
  const adminUrl = certifiedAdminUrl(machine);
  if (adminUrl === undefined) return;
  rewriteFileAtomic(machine.fs, machine.facts.paths.credentials, (text) =>
    withCredentialFields(text, { adminUrl }),
  );
}

function namesOfGivenPair(machine: Machine): string[] {
  if (!hasGivenPair(machine)) return [];
  const pem = readTextIfAny(machine.fs, layoutOf(machine.facts).certificate);
  return pem === undefined ? [] : dnsNamesIn(new X509Certificate(pem).subjectAltName ?? '');
}
