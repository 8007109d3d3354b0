import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addresses } from '../harness/network.ts';

/**
 * Makes a directory that is `CURL_HOME` of a client outside: curl trusts this certificate (PEM), and what HTTP refuses fails.
 * Whoever asks for it removes it.
 */
export function makeCurlHome(trustedPem: string): string {
  const home = mkdtempSync(join(tmpdir(), 'docs-client-'));
  const trusted = join(home, 'trusted.pem');
  writeFileSync(trusted, trustedPem);
  const settings = [`cacert = "${trusted}"`, `interface = "${addresses.outside.ipv4}"`];
  const always = ['fail-with-body', 'silent', 'show-error'];
  writeFileSync(join(home, '.curlrc'), `${[...settings, ...always].join('\n')}\n`);
  return home;
}
