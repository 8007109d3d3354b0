import { readdirSync, readFileSync } from 'node:fs';

const ARCHIVE = /\.(?:jar|war|par|ear)$/;

/**
 * Java archives that a Debian package brought: the distribution's advisories speak for them, and Trivy would want a
 * second database to look inside. One that no package brought is not listed here, and then a scan without that
 * database fails.
 */
export function packagedArchives(tree: string): string[] {
  const info = `${tree}/var/lib/dpkg/info`;
  return readdirSync(info)
    .filter((name) => name.endsWith('.list'))
    .flatMap((name) => readFileSync(`${info}/${name}`, 'utf8').split('\n'))
    .filter((path) => ARCHIVE.test(path));
}
