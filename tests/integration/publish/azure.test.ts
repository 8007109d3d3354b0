/** Publishing to Azure: page blobs of Azurite, a strict fake of the compute gallery, and the official libraries' own way to a token. */
import tls from 'node:tls';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { Authority } from '../../harness/authority.ts';
import { Between, type Passing } from '../../harness/between.ts';
import { type Emulator, startAzurite } from '../../harness/emulators/start.ts';
import { type FakeAzure, startFakeAzure } from '../../harness/fake-clouds/azure.ts';
import { claimsOfPublishing } from './claims.ts';
import { Rehearsed, type Stage, sparseFile } from './stage.ts';

const MiB = 2 ** 20;
const ACCOUNT = 'devstoreaccount1';
const trusted = tls.getCACertificates('default');
let emulator: Emulator;
let azure: FakeAzure;
let between: Between;
let stage: Stage;

beforeAll(async () => {
  const authority = await Authority.create();
  const identity = await authority.issue('127.0.0.1', 'localhost');
  tls.setDefaultCACertificates([...trusted, authority.certificatePem]);
  emulator = await startAzurite(identity);
  azure = await startFakeAzure(identity);
  between = await Between.create(emulator.port, identity);
  for (const [name, value] of Object.entries(azure.environment)) vi.stubEnv(name, value);
  stage = {
    target: 'azure',
    between,
    environment: () => ({
      ...azure.environment,
      AZURE_STORAGE_ACCOUNT: ACCOUNT,
      AZURE_BLOB_ENDPOINT: `${between.url}/${ACCOUNT}`,
      AZURE_RESOURCE_MANAGER_ENDPOINT: azure.management,
    }),
    fill: (path) =>
      sparseFile(path, 64 * MiB + 512, [
        [0, 9 * MiB],
        [24 * MiB + 100, MiB],
        [40 * MiB, 12 * MiB],
        [64 * MiB, 512],
      ]),
    diskBytes: 64 * MiB,
    pieceOf: ({ method, path, headers }: Passing) =>
      method === 'PUT' && path.includes('comp=page') ? String(headers['x-ms-range']) : undefined,
    versions: async () => azure.versions.size,
  };
}, 10 * 60_000);
afterAll(async () => {
  vi.unstubAllEnvs();
  tls.setDefaultCACertificates(trusted);
  await between[Symbol.asyncDispose]();
  await azure[Symbol.asyncDispose]();
  await emulator[Symbol.asyncDispose]();
});
beforeEach(() => {
  azure.tokenSeconds = 3600;
  between.trouble = () => undefined;
});

const refusal = (status: number, code: string, more: Readonly<Record<string, string>> = {}) =>
  ({ kind: 'answer', status, headers: { 'x-ms-error-code': code, ...more } }) as const;

claimsOfPublishing('Azure', () => stage, {
  busy: refusal(429, 'TooManyRequests', { 'retry-after': '17' }),
  forbidden: refusal(403, 'AuthorizationPermissionMismatch'),
  expired: refusal(401, 'InvalidAuthenticationInfo'),
  signIn: 'az login',
  rights: 'Storage Blob Data Contributor',
});

// docs: docs/publisher/README.md make publish TARGET=azure
// docs: docs/publisher/publishing.md make publish TARGET=azure DRY=1
// docs: docs/publisher/publishing.md make publish TARGET=azure
test('one VHD becomes a version of generation 2 and one of generation 1, each marked with its content', async () => {
  using image = await Rehearsed.create(stage);
  await image.publish();
  const tags = { 'content-sha256': image.image.manifest.image.sha256 };
  for (const [name, generation] of [
    ['litellm-appliance-gen2', 'V2'],
    ['litellm-appliance-gen1', 'V1'],
  ] as const) {
    expect(azure.images.get(name)?.properties).toMatchObject({
      hyperVGeneration: generation,
      architecture: 'x64',
    });
    expect(azure.versions.get(`${name}/${image.version}`)).toMatchObject({ tags });
  }
});

test('only pages with data are sent, the footer among them, and each with its MD5', async () => {
  using image = await Rehearsed.create(stage);
  between.seen.length = 0;
  await image.publish();
  const pages = between.seen.filter((request) => stage.pieceOf(request) !== undefined);
  expect(
    pages
      .map((request) => Number(/bytes=(\d+)/.exec(stage.pieceOf(request) ?? '')?.[1]) / MiB)
      .sort((a, b) => a - b),
  ).toEqual([0, 4, 8, 24, 40, 44, 48, 64]);
  expect(pages.filter(({ headers }) => headers['content-md5'] === undefined)).toEqual([]);
});

test('the same version with another content is refused', async () => {
  using image = await Rehearsed.create(stage);
  await image.publish();
  const held = azure.versions.get(`litellm-appliance-gen2/${image.version}`);
  Object.assign(held?.tags ?? {}, { 'content-sha256': 'f'.repeat(64) });
  await expect(image.publish()).rejects.toThrow('is published already, with another content');
});

test('a token that has expired is told as such, by storage and by the gallery', async () => {
  using image = await Rehearsed.create(stage);
  azure.tokenSeconds = -10;
  await expect(image.publish()).rejects.toThrow('does not take the credentials, or they have expired');
});

test('what arrived in another form is not registered', async () => {
  using image = await Rehearsed.create(stage);
  const before = azure.versions.size;
  between.trouble = ({ method, headers }) =>
    method === 'GET' && String(headers['x-ms-range']).startsWith(`bytes=${24 * MiB}-`)
      ? {
          kind: 'answer',
          status: 206,
          headers: { 'content-length': String(4 * MiB), 'content-range': 'bytes 0-1/2', etag: '"1"' },
          body: 'x'.repeat(4 * MiB),
        }
      : undefined;
  await expect(image.publish()).rejects.toThrow('1 pieces have another content');
  expect(azure.versions.size).toBe(before);
});
