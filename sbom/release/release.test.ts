/** A release from rehearsal material: its way to success, and each thing that it refuses. */
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Facts } from '../../appliance/index.ts';
import { facts, SmallImage } from '../../tests/harness/small-image.ts';
import { chooseKey, releaseKey } from '../evidence/choose-key.ts';
import type { SigningKey } from '../evidence/signing-key.ts';
import { readPassphrase } from './passphrase.ts';
import { type ReleaseOptions, type ReleaseSteps, release } from './release.ts';

const COMMIT = 'a'.repeat(40);
const none = async () => undefined;

let image: SmallImage;
let key: SigningKey;
let named: Facts;
let made: string[];

beforeEach(async () => {
  image = new SmallImage();
  key = await image.publisher();
  named = { ...facts, publisher: { publicKey: key.publicPem } };
  made = [];
});
afterEach(() => image[Symbol.dispose]());

const options = (changes: Partial<ReleaseOptions> = {}): ReleaseOptions => ({
  base: 'ubuntu-24.04',
  target: 'qemu',
  previous: 'none',
  shortcuts: [],
  ...changes,
});

type Git = Readonly<Record<string, string | undefined>>;
const cleanGit: Git = {
  'rev-parse': `${COMMIT}\n`,
  status: '',
  tag: `latest\nv${facts.version}\n`,
};

interface World {
  readonly git?: Git;
  /** Instead of the publisher's. */
  readonly key?: () => Promise<SigningKey>;
  readonly image?: () => Promise<number>;
  readonly verify?: () => Promise<number>;
}

/** A world in which everything goes well, but for the changes. */
function world(changes: World = {}): ReleaseSteps {
  const git = { ...cleanGit, ...changes.git };
  const bake = changes.image ?? (async () => image.seal(key).then(() => 0));
  const verify = changes.verify ?? (async () => verified(0));
  return {
    git: async (command) => git[command ?? ''],
    key: changes.key ?? (async () => key),
    make: async (target, variables) => {
      made.push(
        `${target} ${Object.entries(variables)
          .map(([name, value]) => `${name}=${value}`)
          .join(' ')}`,
      );
      return target === 'image' ? bake() : verify();
    },
    directoryOf: () => image.build,
  };
}

function verified(code: number): number {
  writeFileSync(join(image.build, 'verification.json'), '{}');
  return code;
}

test('from a clean tag, with everything passed and the right key, there is a release; nothing was left to a default', async () => {
  expect(await release(named, options(), world())).toBe(image.build);
  expect(made).toEqual([
    'image BASE=ubuntu-24.04 TARGET=qemu PREVIOUS=none RELEASE=1',
    `verify IMAGE=${image.build} TARGET=qemu RELEASE=1`,
  ]);
});

const sealedAs = (changes: ConstructorParameters<typeof SmallImage>[0]) => async () => {
  image[Symbol.dispose]();
  image = new SmallImage(changes);
  await image.seal(key);
  return 0;
};
const withCheck = (status: 'failed' | 'not-run') => async () => {
  image.checks = image.checks.map((check) =>
    check.id === 'cve' ? { ...check, status, detail: 'why' } : check,
  );
  await image.seal(key);
  return 0;
};
const sealedBy = (keyOf: () => Promise<SigningKey>) => async () => image.seal(await keyOf()).then(() => 0);

test.each<[string, World, string]>([
  ['no checkout', { git: { 'rev-parse': undefined } }, 'no git checkout'],
  ['a changed tree', { git: { status: ' M appliance.yaml\n' } }, 'not clean:\n M appliance.yaml'],
  ['a commit without a tag', { git: { tag: '' } }, `does not carry the tag of version ${facts.version}`],
  ['the tag of another version', { git: { tag: 'v9.9.9\n' } }, 'does not carry the tag'],
  ['an image that fails', { image: async () => 2 }, 'the image could not be made'],
  ['a bake that leaves no evidence', { image: async () => 0 }, "not signed with the publisher's key"],
  [
    'a substituted base',
    { image: sealedAs({ base: 'debian-13' }) },
    'of base debian-13 instead of ubuntu-24.04',
  ],
  ['another target', { image: sealedAs({ target: 'azure' }) }, 'of target azure instead of qemu'],
  ['another commit', { image: sealedAs({ commit: `${COMMIT}-dirty` }) }, `of commit ${COMMIT}-dirty`],
  [
    'a rehearsal',
    { image: sealedAs({ rehearsal: ["the mirror is the build host's"] }) },
    'the image is a rehearsal',
  ],
  [
    'a rehearsal key',
    { image: sealedBy(async () => image.rehearsal()) },
    "not signed with the publisher's key",
  ],
  ['a failed check', { image: withCheck('failed') }, 'cve: failed: why'],
  ['cve: not run', { image: withCheck('not-run') }, 'cve: not-run: why'],
  ['a checklist that fails', { verify: async () => verified(1) }, 'does not pass the checklist'],
  ['a checklist not run to its end', { verify: async () => verified(2) }, 'did not run'],
  ['a checklist without a result', { verify: async () => 0 }, 'left no result'],
])('%s is refused', async (_title, changes, words) => {
  await expect(release(named, options(), world(changes))).rejects.toThrow(words);
});

test.each<[string, Partial<ReleaseOptions>, string]>([
  ['no word about the previous release', { previous: undefined }, 'PREVIOUS is not set'],
  ['a previous release that is not there', { previous: '/nowhere.json' }, 'is no package list'],
  ['a shortcut', { shortcuts: ['PLAYBOOK', 'AUDIT'] }, 'PLAYBOOK, AUDIT is set'],
])('%s is refused before anything is made', async (_title, changes, words) => {
  await expect(release(named, options(changes), world())).rejects.toThrow(words);
  expect(made).toEqual([]);
});

test('a product without a named publisher is refused before anything is made', async () => {
  await expect(release(facts, options(), world())).rejects.toThrow('does not name the key');
  expect(made).toEqual([]);
});

test('a key that cannot be had is refused before anything is made', async () => {
  const refused = world({ key: () => releaseKey(named, undefined, none) });
  await expect(release(named, options(), refused)).rejects.toThrow('SIGNING_KEY names no key');
  expect(made).toEqual([]);
});

test('a tree that changes under the release is noticed', async () => {
  const git: Record<string, string> = { ...cleanGit } as Record<string, string>;
  const steps = {
    ...world({
      verify: async () => {
        git['rev-parse'] = 'b'.repeat(40);
        return verified(0);
      },
    }),
    git: async (command: string | undefined) => git[command ?? ''],
  };
  await expect(release(named, options(), steps)).rejects.toThrow('the commit changed');
});

const write = (name: string, pem: string | Buffer): string => {
  const file = join(image.directory, name);
  writeFileSync(file, pem);
  return file;
};
const passphrase = 'correct horse';
const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const publicKey = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const encrypted = pair.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase });

test('an encrypted key opens with its passphrase, and only with that', async () => {
  const file = write('encrypted.pem', encrypted);
  const owner = { ...facts, publisher: { publicKey } };
  expect((await releaseKey(owner, file, async () => passphrase)).rehearsal).toBe(false);
  await expect(releaseKey(owner, file, async () => 'wrong')).rejects.toThrow('cannot be used');
  await expect(releaseKey(owner, file, none)).rejects.toThrow('there is no passphrase');
});

test.each([
  [
    'a key that appliance.yaml does not name',
    () => write('other.pem', encrypted),
    'is not the key that appliance.yaml names',
  ],
  ['a missing file', () => '/nowhere.pem', 'cannot be read'],
  ['a file without a key', () => write('x.pem', 'hello'), 'cannot be used'],
  ['a key of another kind', () => write('rsa.pem', rsaKey()), 'must be an ECDSA key over P-256'],
  [
    "cosign's own format",
    () => write('c.pem', `-----BEGIN ENCRYPTED ${'SIGSTORE'} PRIVATE KEY-----\n`),
    "cosign's own way",
  ],
])('%s is refused', async (_title, file, words) => {
  await expect(releaseKey(named, file(), async () => passphrase)).rejects.toThrow(words);
});

function rsaKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

test('make image signs with the publisher only inside a release', async () => {
  await expect(chooseKey(facts, { RELEASE: '1' }, none)).rejects.toThrow('does not name the key');
  const file = write('key.pem', encrypted);
  const inRelease = { RELEASE: '1', SIGNING_KEY: file };
  const owner = { ...facts, publisher: { publicKey } };
  expect((await chooseKey(owner, inRelease, async () => passphrase)).publicPem).toBe(publicKey);
});

test('the passphrase comes from the environment, or there is a terminal to ask at, or there is none', async () => {
  expect(await readPassphrase({ SIGNING_KEY_PASSPHRASE: 'x' }, { isTTY: true })).toBe('x');
  expect(await readPassphrase({}, { isTTY: false })).toBeUndefined();
});
