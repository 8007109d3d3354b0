/** Publishing to Google Cloud: an emulator's bucket, a strict fake of images.insert, and the official library's own way to a token. */
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { Between, type Passing } from '../../harness/between.ts';
import { type Emulator, startStorage } from '../../harness/emulators/start.ts';
import { type FakeGoogle, startFakeGoogle } from '../../harness/fake-clouds/google.ts';
import { claimsOfPublishing } from './claims.ts';
import { Rehearsed, type Stage, sparseFile } from './stage.ts';

const MiB = 2 ** 20;
const BUCKET = 'images-of-the-test';
let emulator: Emulator;
let google: FakeGoogle;
let between: Between;
let stage: Stage;

beforeAll(async () => {
  emulator = await startStorage(BUCKET);
  google = await startFakeGoogle();
  between = new Between();
  const storage = await between.before(emulator.port);
  const compute = await between.before(Number(new URL(google.compute).port));
  for (const [name, value] of Object.entries(google.environment)) vi.stubEnv(name, value);
  stage = {
    target: 'gcp',
    between,
    environment: () => ({
      ...google.environment,
      GOOGLE_BUCKET: BUCKET,
      GOOGLE_STORAGE_ENDPOINT: storage,
      GOOGLE_COMPUTE_ENDPOINT: compute,
    }),
    fill: (path) => sparseFile(path, 25 * MiB + 77, [[0, 25 * MiB + 77]]),
    diskBytes: 2 ** 30,
    pieceOf: ({ method, headers }: Passing) =>
      method === 'PUT' ? /^bytes (\d+-\d+)\//.exec(String(headers['content-range']))?.[1] : undefined,
    nameOf,
    registration: 'compute images.insert',
    versions: async () => google.images.length,
    versionsOfOne: 1,
    ids: ({ version, image }) => ({
      object: `gs://${BUCKET}/${nameIn(version)}-${image.manifest.image.sha256.slice(0, 12)}.tar.gz`,
      image: expect.stringMatching(new RegExp(`/global/images/${nameIn(version)}$`)),
      licence: 'none: for private use alone',
    }),
    secrets: () => [
      ...google.secrets,
      ...between.seen.flatMap(({ path }) => /upload_id=([^&]+)/.exec(path)?.[1] ?? []),
    ],
    forget: () => undefined,
  };
}, 10 * 60_000);
afterAll(async () => {
  vi.unstubAllEnvs();
  await between[Symbol.asyncDispose]();
  await google[Symbol.asyncDispose]();
  await emulator[Symbol.asyncDispose]();
});
beforeEach(() => {
  between.trouble = () => undefined;
  google.knowsAccount = true;
  google.failsOperations = false;
});

const nameIn = (version: string): string =>
  `litellm-appliance-${version.replaceAll('.', '-')}-ubuntu-2404-amd64-20261126`;

/** As the references of Cloud Storage's JSON API and of Compute Engine have it. */
function nameOf({ method, path, headers }: Passing): string | undefined {
  if (path.endsWith('/wait')) return 'compute globalOperations.wait';
  if (path.startsWith('/compute/')) return method === 'POST' ? 'compute images.insert' : 'compute images.get';
  if (method === 'GET') return 'storage objects.get';
  const resumable = 'storage objects.insert (resumable)';
  if (method === 'POST') return resumable;
  const asks = headers['content-range']?.startsWith('bytes */');
  return asks ? `${resumable}, how far it is` : `${resumable}, a piece`;
}

const refusal = (
  code: number,
  status: string,
  reason: string,
  headers: Readonly<Record<string, string>> = {},
  message = reason,
) => {
  const body = JSON.stringify({ error: { code, status, message, errors: [{ reason }] } });
  return {
    kind: 'answer',
    status: code,
    headers: { 'content-type': 'application/json', ...headers },
    body,
  } as const;
};

/** Storage and Compute say it in the same way. */
const words = {
  busy: refusal(429, 'RESOURCE_EXHAUSTED', 'rateLimitExceeded', { 'retry-after': '17' }),
  forbidden: refusal(403, 'PERMISSION_DENIED', 'forbidden'),
  expired: refusal(401, 'UNAUTHENTICATED', 'authError'),
  refused: ({ path }: Passing) =>
    refusal(400, 'INVALID_ARGUMENT', 'invalid', {}, `https://storage.googleapis.com${path} is none`),
};
claimsOfPublishing('Google Cloud', () => stage, {
  pieces: words,
  registration: words,
  signIn: 'gcloud auth application-default login',
  rights: 'Storage Object User',
  identityElsewhere: { GOOGLE_APPLICATION_CREDENTIALS: '' },
});

test('what has failed at Google is made by the next run', async () => {
  using image = await Rehearsed.create(stage);
  google.failsOperations = true;
  await expect(image.publish()).rejects.toThrow('could not make the image (INTERNAL_ERROR)');
  google.failsOperations = false;
  expect((await image.publish()).ids).toEqual(stage.ids(image));
});

test('the image has the guest features, and comes from the archive in the bucket', async () => {
  using image = await Rehearsed.create(stage);
  await image.publish({ GOOGLE_IMAGE_LICENCE: 'projects/p/global/licenses/l' });
  expect(google.images.at(-1)).toMatchObject({
    architecture: 'X86_64',
    licenses: ['projects/p/global/licenses/l'],
    guestOsFeatures: [
      { type: 'UEFI_COMPATIBLE' },
      { type: 'GVNIC' },
      { type: 'VIRTIO_SCSI_MULTIQUEUE' },
      { type: 'SEV_CAPABLE' },
    ],
    rawDisk: { containerType: 'TAR', source: expect.stringContaining(`/${BUCKET}/`) },
    description: expect.stringContaining(image.image.manifest.image.sha256),
  });
  expect(google.images.at(-1)?.name).toMatch(/^litellm-appliance-1-0-\d+-ubuntu-2404-amd64-20261126$/);
});

test('an account that Google does not know any more is one line', async () => {
  using image = await Rehearsed.create(stage);
  google.knowsAccount = false;
  await expect(image.publish()).rejects.toThrow(
    'does not take the credentials, or they have expired (400 invalid_grant)',
  );
});

test('no credentials at all is one line', async () => {
  using image = await Rehearsed.create(stage);
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', '/nowhere.json');
  await expect(image.publish()).rejects.toThrow('does not take the credentials');
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', google.environment.GOOGLE_APPLICATION_CREDENTIALS);
});

test('an upload that Google has given up begins anew', async () => {
  using image = await Rehearsed.create(stage);
  between.seen.length = 0;
  let pieces = 0;
  between.trouble = (request) => {
    if (stage.pieceOf(request) === undefined) return undefined;
    pieces += 1;
    return pieces > 2 ? refusal(403, 'PERMISSION_DENIED', 'forbidden') : undefined;
  };
  await expect(image.publish()).rejects.toThrow('does not allow it');
  between.trouble = ({ headers }) =>
    String(headers['content-range']).startsWith('bytes */') ? { kind: 'answer', status: 410 } : undefined;
  expect((await image.publish()).already).toBe(false);
});

test('an object of another content is not registered', async () => {
  using image = await Rehearsed.create(stage);
  const before = google.images.length;
  between.trouble = ({ method, path }) =>
    method === 'GET' && path.includes('/o/')
      ? {
          kind: 'answer',
          status: 200,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ size: '5', md5Hash: 'AAAA' }),
        }
      : undefined;
  await expect(image.publish()).rejects.toThrow(/has 5 bytes instead of \d+; its MD5 is AAAA/);
  expect(google.images.length).toBe(before);
});
