/** What a machine is called, and what of it a certificate can say. */
export interface CertificateNames {
  /** The machine's own first. */
  readonly hostNames: readonly string[];
  readonly addresses: readonly string[];
}

const DNS_NAME =
  /^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;

export function isDnsName(name: string): boolean {
  return DNS_NAME.test(name);
}

/** The DNS names in the text of a subjectAltName, in small letters. */
export function dnsNamesIn(alternativeNames: string): string[] {
  return [...alternativeNames.matchAll(/DNS:([^,\s"]+)/g)].map(([, name]) => (name ?? '').toLowerCase());
}

/** The names that a certificate can carry: a host name that DNS would not allow is left out. */
export function dnsNames({ hostNames }: CertificateNames): string[] {
  return [...new Set([...hostNames, 'localhost'])].filter(isDnsName);
}
