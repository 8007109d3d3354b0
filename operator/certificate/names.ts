import type { X509Certificate } from 'node:crypto';

/** All that a certificate is good for, as its subjectAltName says it. */
export function namesOf(certificate: X509Certificate): string {
  return certificate.subjectAltName ?? '';
}

/** Whether one of these names is that of the host; `*` stands for one label. */
export function covers(names: readonly string[], host: string): boolean {
  const parent = host.slice(host.indexOf('.') + 1);
  return names.includes(host) || (host.includes('.') && names.includes(`*.${parent}`));
}

/** A distinguished name on one line. */
export function oneLine(distinguishedName: string): string {
  return distinguishedName.split('\n').join(', ');
}
