/** What may be published, and each thing that speaks against an image. */
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Facts, ListingFacts } from '../appliance/index.ts';
import { createLog, sha256 } from '../packer/index.ts';
import { readRows, type SigningKey, type Verification } from '../sbom/index.ts';
import { facts, SmallImage } from '../tests/harness/small-image.ts';
import { type PublishedArtefact, readArtefact } from './artefact.ts';
import { systemClock } from './clock.ts';
import { publish } from './publish.ts';
import { refusals } from './refusals.ts';

const CREATED = Date.parse('2026-11-26T12:00:00.000Z');
const DAY_MS = 24 * 60 * 60_000;
const listing: ListingFacts = {
  website: 'https://lynxroute.com/',
  documentation: 'https://lynxroute.com/docs',
  support: 'https://lynxroute.com/help',
  privacy: 'https://lynxroute.com/privacy',
  terms: 'https://lynxroute.com/terms',
  eula: 'https://lynxroute.com/eula',
  contact: { name: 'Support', email: 'help@lynxroute.com', phone: '+49 30 1234567' },
};

let image: SmallImage;
let key: SigningKey;
let own: Facts;

beforeEach(async () => {
  await make();
});
afterEach(() => image[Symbol.dispose]());

async function make(changes: ConstructorParameters<typeof SmallImage>[0] = {}): Promise<void> {
  image?.[Symbol.dispose]();
  const file = { file: 'small.vhd', bytes: 4, sha256: sha256('disk'), diskBytes: 8 * 2 ** 30 };
  image = new SmallImage({ target: 'azure', image: file, ...changes });
  key = await image.publisher();
  own = { ...facts, publisher: { publicKey: key.publicPem }, listing };
}

type Rows = Verification['rows'];

function verify(change: (rows: Rows) => Rows = (rows) => rows, more: Partial<Verification> = {}): void {
  const { name, version, commit, base, target } = image.manifest;
  const at = new Date(CREATED + 60_000).toISOString();
  const rows = readRows().map(({ id, requirement, level }) => ({
    ...{ id, requirement, level, at, detail: 'seen' },
    status: 'passed' as const,
  }));
  const whole = { image: `${name} ${version}, commit ${commit}`, target, base, rehearsal: [], exitCode: 0 };
  writeFileSync(
    join(image.build, 'verification.json'),
    JSON.stringify({ ...whole, rows: change(rows), ...more }),
  );
}

/** The reasons, a day later; those of a rehearsal are marked. */
async function reasons(now = CREATED + DAY_MS, of: Facts = own): Promise<string[]> {
  const artefact: PublishedArtefact = readArtefact(image.build, 'azure');
  const rehearsalKeyFile = join(image.directory, 'rehearsal.key');
  const found = await refusals(artefact, { facts: of, rehearsalKeyFile, now: new Date(now) });
  return found.map(({ reason, ofRehearsal }) => (ofRehearsal ? `(rehearsal) ${reason}` : reason));
}

test('a release that was verified is not refused', async () => {
  await image.seal(key);
  verify();
  expect(await reasons()).toEqual([]);
});

test('a rehearsal is refused as such, and with it what nobody has verified', async () => {
  await make({ rehearsal: ['debian-13 stands in'] });
  await image.seal(image.rehearsal());
  expect(await reasons()).toEqual([
    '(rehearsal) it is a rehearsal: debian-13 stands in',
    '(rehearsal) it is a rehearsal: a rehearsal key signed it',
    '(rehearsal) verification.json is missing: nobody has held it to the checklist',
  ]);
});

test.each([
  ['failed', 'cve: failed: why'],
  ['not-run', '(rehearsal) cve: not-run: why'],
] as const)('a check that is %s is a reason', async (status, reason) => {
  image.checks = image.checks.map((check) =>
    check.id === 'cve' ? { ...check, status, detail: 'why' } : check,
  );
  await image.seal(key);
  verify();
  expect(await reasons()).toEqual([reason]);
});

test('evidence that nobody has signed, or that somebody has changed, is none', async () => {
  await image.seal(key);
  verify();
  appendFileSync(join(image.build, 'evidence.json'), ' ');
  expect(await reasons()).toEqual([
    expect.stringMatching(/no evidence .* evidence.json is not what this key/),
  ]);
});

test('a file that is not as it was signed is named', async () => {
  await image.seal(key);
  verify();
  rmSync(join(image.build, 'evidence/cve-report.json'));
  writeFileSync(join(image.build, 'small.vhd'), 'dis!');
  expect(await reasons()).toEqual(['small.vhd has another content', 'evidence/cve-report.json is gone']);
});

test('what is old, or has no date yet, is a reason; CVE and malware are old sooner', async () => {
  await image.seal(key);
  verify();
  expect(await reasons(CREATED + 8 * DAY_MS)).toEqual([
    'cve is 8 days old; at most 7 days are taken',
    'malware is 8 days old; at most 7 days are taken',
  ]);
  const old = await reasons(CREATED + 31 * DAY_MS);
  expect(old).toContain('the evidence is 31 days old; at most 30 days are taken');
  expect(old).toContain('verification.json is 30 days old; at most 30 days are taken');
  expect(await reasons(CREATED - 3 * DAY_MS)).toContain(
    'cve is dated in the future; at most 7 days are taken',
  );
});

test.each<[string, (rows: Rows) => Rows, Partial<Verification>, string]>([
  ['a row that failed', (rows) => status(rows, 'failed'), { exitCode: 1 }, 'DSK-01: failed: seen'],
  [
    'a row that did not run',
    (rows) => status(rows, 'not-run'),
    { exitCode: 2 },
    '(rehearsal) DSK-01: not-run: seen',
  ],
  ['a row that is missing', (rows) => rows.slice(1), {}, 'verification.json lacks row DSK-01'],
  ['a failure without a row', (rows) => rows, { exitCode: 1 }, 'verification.json ended with 1'],
  ['another image', (rows) => rows, { image: 'other' }, 'verification.json speaks of other'],
  ['another target', (rows) => rows, { target: 'aws' }, 'verification.json is for aws'],
  [
    'a verification before the image',
    (rows) => rows.map((row) => ({ ...row, at: '2026-11-25T00:00:00.000Z' })),
    {},
    'verification.json is older than the image',
  ],
])('the checklist: %s', async (_title, change, more, reason) => {
  await image.seal(key);
  verify(change, more);
  expect(await reasons()).toEqual([reason]);
});

const status = (rows: Rows, wanted: 'failed' | 'not-run'): Rows =>
  rows.map((row, index) => (index === 0 ? { ...row, status: wanted } : row));

test('the pages that buyers are sent to are named, and are no examples', async () => {
  await image.seal(key);
  verify();
  const support = 'https://support.example.com/';
  expect(await reasons(undefined, { ...own, listing: { ...listing, support } })).toEqual([
    `appliance.yaml has no address for buyers: listing.support: ${support}`,
  ]);
});

test('another target is refused before anything is looked at', () => {
  expect(() => readArtefact(image.build, 'aws')).toThrow('made for azure, not for aws');
});

test('a target that is published nowhere is refused before an image is looked for', async () => {
  const environment = { TARGET: 'qemu', IMAGE: image.build };
  const { signal } = new AbortController();
  const work = { environment, facts, log: createLog(), clock: systemClock, signal, rehearsalKeyFile: '' };
  await expect(publish(work)).rejects.toThrow('TARGET=qemu is published nowhere');
});
