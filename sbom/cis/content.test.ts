import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { createLog, shellFor } from '../../packer/index.ts';
import { catalogueFile } from './catalogue.ts';
import { catalogueText } from './catalogue-text.ts';
import { checkPackage, chooseVersion, ensureScapContent, PINNED, type ScapContent } from './content.ts';
import { withoutPlatform } from './foreign-content.ts';

const { signal } = new AbortController();
const atLeast = async (version: string, least: string) =>
  (await shellFor(signal)({ nothrow: true })`dpkg --compare-versions ${version} ge ${least}`).exitCode === 0;

test.each([
  ['the pinned version while it is there', ['0.1.90-1', PINNED.version, '0.1.76-1'], PINNED.version],
  ['the newest when the pinned one is gone', ['0.1.81-1', '0.1.100-1', '0.1.90-1'], '0.1.100-1'],
  ['an older one that has the profiles', ['0.1.76-1', '0.1.80-2'], '0.1.80-2'],
])('%s is taken', async (_, offered, chosen) => {
  expect(await chooseVersion(offered, 'ssg-debian', atLeast)).toBe(chosen);
});

test.each([
  [['0.1.76-1', '0.1.79-9'], 'the archive has ssg-debian 0.1.79-9, which is older than 0.1.80'],
  [[], 'the archive has ssg-debian in no version'],
])('an archive that offers %j is refused', async (offered, complaint) => {
  await expect(chooseVersion(offered, 'ssg-debian', atLeast)).rejects.toThrow(complaint);
});

test('the pinned version is believed by its hash alone; a newer one is recorded with its own', () => {
  const sha256 = PINNED.packages['ssg-debian'];
  expect(checkPackage('ssg-debian', PINNED.version, sha256)).toMatchObject({ pinned: true });
  expect(() => checkPackage('ssg-debian', PINNED.version, 'f'.repeat(64))).toThrow('has the SHA-256 ffff');
  expect(checkPackage('ssg-debian', '0.1.90-1', 'f'.repeat(64))).toEqual({
    name: 'ssg-debian',
    version: '0.1.90-1',
    sha256: 'f'.repeat(64),
    pinned: false,
  });
});

let content: ScapContent;

beforeAll(async () => {
  content = await ensureScapContent({ log: createLog(), signal });
}, 300_000);

test('the catalogue in the repository is what the content says', async () => {
  // The catalogue belongs to the pinned release; a newer one of the archive judges images, and may say more.
  expect(content.packages.map(({ version }) => version)).toEqual([PINNED.version, PINNED.version]);
  expect(await catalogueText(content)).toBe(readFileSync(catalogueFile, 'utf8'));
}, 60_000);

test.each(['debian13', 'ubuntu2404'] as const)(
  'content for %s loses one line to judge any system',
  (product) => {
    const whole = readFileSync(content.file(product), 'utf8');
    const bare = withoutPlatform(whole);
    expect(whole.split('\n').length - bare.split('\n').length).toBe(1);
    expect(() => withoutPlatform(bare)).toThrow('names 0 systems');
  },
);
