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
  between = await Between.create(emulator.port);
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
      DIGITALOCEAN_API_URL: digitalOcean.url,
      SPACES_BUCKET: BUCKET,
      SPACES_ENDPOINT: between.url,
    }),
    fill: (path) => sparseFile(path, 44 * MiB + 77, [[0, 44 * MiB + 77]]),
    diskBytes: 2 ** 30,
    pieceOf: ({ method, path }: Passing) =>
      method === 'PUT' ? /partNumber=(\d+)/.exec(path)?.[1] : undefined,
    versions: async () => digitalOcean.images.length,
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

const refusal = (status: number, code: string, headers: Readonly<Record<string, string>> = {}) =>
  ({
    kind: 'answer',
    status,
    headers: { 'content-type': 'application/xml', ...headers },
    body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>no</Message></Error>`,
  }) as const;

claimsOfPublishing('DigitalOcean', () => stage, {
  busy: refusal(429, 'TooManyRequests', { 'retry-after': '17' }),
  forbidden: refusal(403, 'AccessDenied'),
  expired: refusal(403, 'InvalidAccessKeyId'),
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

test('a token that is good no more is one line, before anything is sent', async () => {
  using image = await Rehearsed.create(stage);
  between.seen.length = 0;
  digitalOcean.token = 'dop_v1_another';
  await expect(image.publish()).rejects.toThrow(
    'does not take the credentials, or they have expired (401 Unauthorized)',
  );
  expect(between.seen).toEqual([]);
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
