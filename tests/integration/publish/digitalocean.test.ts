/** Publishing to DigitalOcean: moto's S3 for Spaces, through the official library, and a strict fake of the images' API. */
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Between, type Passing } from '../../harness/between.ts';
import { type Emulator, startMoto } from '../../harness/emulators/start.ts';
import { type FakeDigitalOcean, startFakeDigitalOcean } from '../../harness/fake-clouds/digitalocean.ts';
import { claimsOfPublishing } from './claims.ts';
import { Rehearsed, type Stage, sparseFile } from './stage.ts';

const MiB = 2 ** 20;
const BUCKET = 'images-of-the-test';
const TOKEN = 'dop_v1_token_of_the_test';
const keys = { SPACES_ACCESS_KEY_ID: 'DO00KEYOFTHETEST', SPACES_SECRET_ACCESS_KEY: 'secret-of-the-test' };
let emulator: Emulator;
let digitalOcean: FakeDigitalOcean;
let between: Between;
let stage: Stage;

beforeAll(async () => {
  emulator = await startMoto();
  digitalOcean = await startFakeDigitalOcean();
  between = new Between();
  const spaces = await between.before(emulator.port);
  const control = await between.before(Number(new URL(digitalOcean.url).port));
  const s3 = new S3Client({
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${emulator.port}`,
    forcePathStyle: true,
    credentials: { accessKeyId: keys.SPACES_ACCESS_KEY_ID, secretAccessKey: keys.SPACES_SECRET_ACCESS_KEY },
  });
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  stage = {
    target: 'digitalocean',
    between,
    environment: () => ({
      ...keys,
      DIGITALOCEAN_ACCESS_TOKEN: TOKEN,
      DIGITALOCEAN_API_URL: control,
      SPACES_BUCKET: BUCKET,
      SPACES_ENDPOINT: spaces,
    }),
    fill: (path) => sparseFile(path, 25 * MiB + 77, [[0, 25 * MiB + 77]]),
    diskBytes: 2 ** 30,
    pieceOf: ({ method, path }: Passing) =>
      method === 'PUT' ? /partNumber=(\d+)/.exec(path)?.[1] : undefined,
    nameOf,
    registration: 'POST /v2/images',
    versions: async () => digitalOcean.images.length,
    versionsOfOne: 1,
    ids: ({ version, image }) => ({
      region: 'nyc3',
      object: `${BUCKET}/litellm-appliance-${version}-ubuntu-24.04-${image.manifest.image.sha256.slice(0, 12)}.qcow2.gz`,
      image: expect.stringMatching(/^\d+$/),
    }),
    secrets: () => [TOKEN, keys.SPACES_SECRET_ACCESS_KEY, ...signatures()],
    forget: () => undefined,
  };
}, 10 * 60_000);
afterAll(async () => {
  await between[Symbol.asyncDispose]();
  await digitalOcean[Symbol.asyncDispose]();
  await emulator[Symbol.asyncDispose]();
});
beforeEach(() => {
  between.trouble = () => undefined;
  digitalOcean.token = TOKEN;
});

/** As the references of Spaces and of the API have it; the fake's own fetch is none of ours. */
function nameOf({ method, path }: Passing): string | undefined {
  if (path.startsWith('/v2/')) return `${method} ${path.replace(/\?.*/, '')}`;
  if (path.includes('X-Amz-Signature')) return undefined;
  if (method === 'HEAD') return 's3 HeadObject';
  if (method === 'PUT') return 's3 UploadPart';
  const ofOne = path.includes('uploadId=');
  if (method === 'GET') return ofOne ? 's3 ListParts' : 's3 ListMultipartUploads';
  return ofOne ? 's3 CompleteMultipartUpload' : 's3 CreateMultipartUpload';
}

/** Of requests to Spaces, and of the addresses by which the object is fetched. */
function signatures(): string[] {
  return between.seen.flatMap(({ headers, body, path }) => {
    const texts = [headers.authorization ?? '', path.startsWith('/v2/') ? body.toString() : ''];
    return texts.flatMap((text) => /Signature=(\w+)/.exec(text)?.[1] ?? []);
  });
}

const refusal = (status: number, code: string, headers: Readonly<Record<string, string>> = {}) =>
  ({
    kind: 'answer',
    status,
    headers: { 'content-type': 'application/xml', ...headers },
    body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>no</Message></Error>`,
  }) as const;

/** Of the API. */
const ofApi = (status: number, id: string, message = id, headers: Readonly<Record<string, string>> = {}) =>
  ({
    kind: 'answer',
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ id, message }),
  }) as const;

claimsOfPublishing('DigitalOcean', () => stage, {
  pieces: {
    busy: refusal(429, 'TooManyRequests', { 'retry-after': '17' }),
    forbidden: refusal(403, 'AccessDenied'),
    expired: refusal(403, 'InvalidAccessKeyId'),
    refused: () => refusal(400, 'InvalidPart'),
  },
  registration: {
    busy: ofApi(429, 'too_many_requests', 'later', { 'retry-after': '17' }),
    forbidden: ofApi(403, 'forbidden'),
    expired: ofApi(401, 'Unauthorized'),
    refused: ({ body }) => {
      const { url } = JSON.parse(body.toString()) as { url: string };
      return ofApi(422, 'unprocessable_entity', `the url ${url} is unreachable`);
    },
  },
  signIn: 'DIGITALOCEAN_ACCESS_TOKEN',
  rights: 'a Spaces key with read and write',
});

test('the custom image is fetched from Spaces, whole, and marked with its content', async () => {
  using image = await Rehearsed.create(stage);
  await image.publish();
  const { sha256 } = image.image.manifest.image;
  expect(digitalOcean.images.at(-1)).toMatchObject({
    name: `litellm-appliance-${image.version}-ubuntu-24.04`,
    content: sha256,
    tags: [`content-sha256:${sha256}`],
  });
});

test('an image that DigitalOcean cannot make is told with its words, but for the address it was given', async () => {
  using image = await Rehearsed.create(stage);
  between.trouble = ({ path }) =>
    /^\/v2\/images\/\d+$/.test(path)
      ? {
          kind: 'changed',
          change: (body) => withError(body, 'could not fetch https://s/o?X-Amz-Signature=ab12'),
        }
      : undefined;
  const { failure } = await image.failure();
  expect(failure.message).toBe('DigitalOcean could not make the image: could not fetch https://s/o?...');
});

const withError = (body: string, error_message: string): string => {
  const { image } = JSON.parse(body) as { image: object };
  return JSON.stringify({ image: { ...image, error_message } });
};

test('what arrived in another form is not registered', async () => {
  using image = await Rehearsed.create(stage);
  const before = await stage.versions();
  let completed = false;
  between.trouble = (request) => {
    completed ||= nameOf(request) === 's3 CompleteMultipartUpload';
    return completed && nameOf(request) === 's3 HeadObject'
      ? { kind: 'answer', status: 200, headers: { etag: '"abc-6"', 'content-length': '5' } }
      : undefined;
  };
  await expect(image.publish()).rejects.toThrow(/has 5 bytes instead of \d+; its hash is abc-6 instead of/);
  expect(await stage.versions()).toBe(before);
});

test('a token that is good no more is one line, before anything is sent', async () => {
  using image = await Rehearsed.create(stage);
  between.seen.length = 0;
  digitalOcean.token = 'dop_v1_another';
  await expect(image.publish()).rejects.toThrow(
    'does not take the credentials, or they have expired (401 Unauthorized)',
  );
  expect(between.seen.map(nameOf)).toEqual(['GET /v2/images']);
});

test('the same name with another content is refused', async () => {
  using image = await Rehearsed.create(stage);
  await image.publish();
  Object.assign(digitalOcean.images.at(-1) ?? {}, { tags: [] });
  await expect(image.publish()).rejects.toThrow('is there already, with another content');
});

test('what is not set is named, with what it is', async () => {
  using image = await Rehearsed.create(stage);
  await expect(image.publish({ SPACES_BUCKET: '', SPACES_ACCESS_KEY_ID: '' })).rejects.toThrow(
    'not set: SPACES_ACCESS_KEY_ID, SPACES_BUCKET',
  );
});
