import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exampleAddresses } from '../../appliance/index.ts';
import { usageHeadings } from '../listing/limits.ts';
import { isMarketplace, listingFaults } from '../listing/listing-faults.ts';
import { finding, type LooksByRow, NotRun } from './look.ts';

export const listings: LooksByRow = {
  'DOC-01': {
    repository: ({ repository }) => {
      const text = readFileSync(join(repository, 'docs/listing/usage.md'), 'utf8');
      return finding(
        `${usageHeadings.length} headings`,
        usageHeadings
          .filter((heading) => !new RegExp(`^#+ ${heading}$`, 'm').test(text))
          .map((heading) => `docs/listing/usage.md has no heading '${heading}'`),
      );
    },
  },
  'DOC-02': {
    repository: ({ repository, target, facts, release }) => {
      if (!isMarketplace(target)) throw new NotRun(`docs/listing has nothing for ${target}`);
      const examples = exampleAddresses(facts);
      return finding(
        `the form of ${target}${examples.length === 0 ? '' : `; ${examples.length} example addresses in it`}`,
        listingFaults(target, facts, repository),
        release ? examples.map((address) => `nobody is at ${address}`) : [],
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
