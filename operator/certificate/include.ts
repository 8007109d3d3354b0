import { join } from 'node:path';
import type { MachineFacts } from '../../appliance/index.ts';
import type { Replacement } from '../replace-files.ts';

/** Where a certificate authority finds the answers to its challenges, on port 80. */
export const ACME_ROOT = '/var/www/litellm-acme';

/** The one file through which `litellm-ctl certificate` speaks to nginx; certbot itself edits the site. */
export function certificateInclude({ paths }: MachineFacts): string {
  return join(paths.edgeIncludes, 'certificate.conf');
}

function pattern(name: string): string {
  return name.replaceAll('.', '\\.').replace(/^\*/, '[^. ]+');
}

/**
 * certificate.conf: rows of the map that decides on HSTS, for the names of a certificate that the operator has installed.
 * The nameless server shows it to everybody, so the name that the client asks for in TLS tells who may insist on it.
 */
export function renderCertificateNames(names: readonly string[]): string {
  const rows = names.map((name) => `"~*^on _ ${pattern(name)}$" "max-age=31536000";\n`);
  return `# Written by \`litellm-ctl certificate --install\`; what is changed here is lost.\n${rows.join('')}`;
}

/** certificate.conf for a certificate with these names, as it replaces the one before. */
export function namesFile(facts: MachineFacts, names: readonly string[]): Replacement {
  return { path: certificateInclude(facts), text: renderCertificateNames(names), access: { mode: 0o644 } };
}
