import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { finding, type LooksByRow, NotRun } from './look.ts';
import type { Subject } from './subject.ts';

const HEADINGS = [
  'Launch',
  'Where secrets lie',
  'Encryption',
  'Rotation',
  'Health',
  'Upgrade',
  'Dependencies',
];
const LINKS = ['Licence', 'Terms', 'Privacy', 'Support'];

/** The listing's text, which a later step of the product writes. */
function listing({ repository, target }: Subject): string {
  const path = `docs/listings/${target}.md`;
  if (!existsSync(join(repository, path))) throw new NotRun(`there is no ${path} yet`);
  return readFileSync(join(repository, path), 'utf8');
}

export const listings: LooksByRow = {
  'DOC-01': {
    repository: (subject) => {
      const text = listing(subject);
      return finding(
        `${HEADINGS.length} headings`,
        HEADINGS.filter((heading) => !new RegExp(`^#+ ${heading}`, 'mi').test(text)).map(
          (heading) => `the listing has no heading '${heading}'`,
        ),
      );
    },
  },
  'DOC-02': {
    repository: (subject) => {
      const text = listing(subject);
      return finding(
        `${LINKS.length} links`,
        LINKS.filter((name) => !new RegExp(`${name}.*https://`, 'i').test(text)).map(
          (name) => `the listing has no URL for '${name}'`,
        ),
      );
    },
  },
  'DOC-03': {
    repository: ({ repository, manifest, release }) => {
      const changelog = readFileSync(join(repository, 'CHANGELOG.md'), 'utf8');
      const heading = changelog
        .split('\n')
        .find((line) => line.startsWith('## ') && line.includes(manifest.version));
      return finding(
        heading ?? 'CHANGELOG.md',
        heading === undefined ? `CHANGELOG.md has no heading for ${manifest.version}` : [],
        release && heading?.includes('Unreleased') === true
          ? `CHANGELOG.md calls ${manifest.version} unreleased`
          : [],
      );
    },
  },
};
