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
  between = new Between(identity);
  const blobs = await between.before(emulator.port);
  const management = await between.before(Number(new URL(azure.management).port));
  for (const [name, value] of Object.entries(azure.environment)) vi.stubEnv(name, value);
  stage = {
    target: 'azure',
    between,
    environment: () => ({
      ...azure.environment,
      AZURE_STORAGE_ACCOUNT: ACCOUNT,
      AZURE_BLOB_ENDPOINT: `${blobs}/${ACCOUNT}`,
      AZURE_RESOURCE_MANAGER_ENDPOINT: management,
    }),
    fill: (path) =>
      sparseFile(path, 64 * MiB + 512, [
        [0, 5 * MiB],
        [24 * MiB + 100, MiB],
        [40 * MiB, 5 * MiB],
        [64 * MiB, 512],
      ]),
    diskBytes: 64 * MiB,
    pieceOf: ({ method, path, headers }: Passing) =>
      method === 'PUT' && path.includes('comp=page') ? String(headers['x-ms-range']) : undefined,
    nameOf,
    registration: 'gallery image version Create',
    versions: async () => azure.versions.size,
    versionsOfOne: 2,
    ids: ({ version, image }) => ({
      'page blob': `${blobs}/${ACCOUNT}/images/litellm-appliance-${version}-ubuntu-24.04-${image.manifest.image.sha256.slice(0, 12)}.vhd`,
      'image version, litellm-appliance-gen2': idOf('gen2', version),
      'image version, litellm-appliance-gen1': idOf('gen1', version),
    }),
    secrets: () => [azure.environment.IDENTITY_HEADER ?? '', ...azure.tokens],
    forget: () => azure.forgetDefinitions(),
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

const idOf = (generation: string, version: string) =>
  expect.stringMatching(
    new RegExp(`/galleries/gallery/images/litellm-appliance-${generation}/versions/${version}$`),
  );

/** As the references of the blob service and of Compute have it. */
function nameOf({ method, path, headers }: Passing): string | undefined {
  const verb = method === 'PUT' ? 'Create' : 'Get';
  if (/\/versions\//.test(path)) return `gallery image version ${verb}`;
  if (path.startsWith('/subscriptions/')) return `gallery image ${verb}`;
  const query = new URL(path, 'https://blobs').searchParams;
  if (method === 'HEAD') return 'blob Get Blob Properties';
  if (query.get('comp') === 'pagelist') return 'blob Get Page Ranges';
  if (method === 'GET') return 'blob Get Blob, to compare';
  if (query.get('restype') === 'container') return 'blob Create Container';
  return headers['x-ms-blob-type'] === undefined ? 'blob Put Page' : 'blob Put Blob';
}

/** Of the blob service. */
const refusal = (status: number, code: string, more: Readonly<Record<string, string>> = {}) =>
  ({ kind: 'answer', status, headers: { 'x-ms-error-code': code, ...more } }) as const;
/** Of Azure Resource Manager. */
const managed = (
  status: number,
  code: string,
  message = code,
  headers: Readonly<Record<string, string>> = {},
) =>
  ({
    kind: 'answer',
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ error: { code, message } }),
  }) as const;

claimsOfPublishing('Azure', () => stage, {
  pieces: {
    busy: refusal(429, 'TooManyRequests', { 'retry-after': '17' }),
    forbidden: refusal(403, 'AuthorizationPermissionMismatch'),
    expired: refusal(401, 'InvalidAuthenticationInfo'),
    refused: () => refusal(400, 'InvalidPageRange'),
  },
  registration: {
    busy: managed(429, 'TooManyRequests', 'later', { 'retry-after': '17' }),
    forbidden: managed(403, 'AuthorizationFailed'),
    expired: managed(401, 'ExpiredAuthenticationToken'),
    refused: ({ body }) => managed(400, 'InvalidParameter', `what is this: ${body}`),
  },
  signIn: 'az login',
  rights: 'Storage Blob Data Contributor',
  identityElsewhere: { IDENTITY_ENDPOINT: '' },
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
  ).toEqual([0, 4, 24, 40, 44, 64]);
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
