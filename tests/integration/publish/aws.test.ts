/** Publishing to AWS: EBS direct and EC2 of moto, through the official libraries. */
import { createHash } from 'node:crypto';
import {
  DeleteSnapshotCommand,
  DescribeImagesCommand,
  DisableEbsEncryptionByDefaultCommand,
  EC2Client,
  EnableEbsEncryptionByDefaultCommand,
  RegisterImageCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Between, type Passing } from '../../harness/between.ts';
import { type Emulator, startMoto } from '../../harness/emulators/start.ts';
import { claimsOfPublishing } from './claims.ts';
import { Rehearsed, type Stage, sparseFile } from './stage.ts';

const MiB = 2 ** 20;
const DISK = 64 * MiB;
const keys = {
  AWS_ACCESS_KEY_ID: 'AKIAOFTHETEST',
  AWS_SECRET_ACCESS_KEY: 'secret-of-the-test',
  AWS_SESSION_TOKEN: 'session-token-of-the-test',
};
let emulator: Emulator;
let between: Between;
let stage: Stage;
let ec2: EC2Client;

beforeAll(async () => {
  emulator = await startMoto();
  between = new Between();
  const endpoint = await between.before(emulator.port);
  for (const [name, value] of Object.entries(keys)) vi.stubEnv(name, value);
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  ec2 = new EC2Client({ region: 'us-east-1', endpoint: `http://127.0.0.1:${emulator.port}` });
  stage = {
    target: 'aws',
    between,
    environment: () => ({
      ...keys,
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL: endpoint,
    }),
    fill: (path) =>
      sparseFile(path, DISK, [
        [0, MiB],
        [10 * MiB, 4 * MiB],
        [40 * MiB + 4096, MiB],
        [DISK - 4096, 4096],
      ]),
    diskBytes: DISK,
    pieceOf: ({ method, path }: Passing) =>
      method === 'PUT' ? /\/snapshots\/[^/]+\/blocks\/(\d+)/.exec(path)?.[1] : undefined,
    nameOf,
    registration: 'ec2 RegisterImage',
    versions: async () =>
      (await ec2.send(new DescribeImagesCommand({ Owners: ['self'] }))).Images?.length ?? 0,
    versionsOfOne: 1,
    ids: () => ({
      region: 'us-east-1',
      snapshot: expect.stringMatching(/^snap-[0-9a-f]+$/),
      image: expect.stringMatching(/^ami-[0-9a-f]+$/),
    }),
    secrets: () => [
      keys.AWS_SECRET_ACCESS_KEY,
      keys.AWS_SESSION_TOKEN,
      ...between.seen.flatMap(
        ({ headers }) => /Signature=(\w+)/.exec(headers.authorization ?? '')?.[1] ?? [],
      ),
    ],
    forget: () => undefined,
  };
}, 10 * 60_000);
afterAll(async () => {
  vi.unstubAllEnvs();
  await between[Symbol.asyncDispose]();
  await emulator[Symbol.asyncDispose]();
});

/** As the references of EC2 and of the EBS direct APIs have it. */
function nameOf({ method, path, body }: Passing): string | undefined {
  if (path === '/') return `ec2 ${new URLSearchParams(body.toString()).get('Action')}`;
  const [, collection, block] = /^\/snapshots\/[^/]+(\/blocks)?(\/\d+)?/.exec(path) ?? [];
  if (method === 'POST') return path === '/snapshots' ? 'ebs StartSnapshot' : 'ebs CompleteSnapshot';
  if (method === 'PUT') return 'ebs PutSnapshotBlock';
  if (block !== undefined) return 'ebs GetSnapshotBlock, to compare';
  return collection === undefined ? undefined : 'ebs ListSnapshotBlocks';
}

/** Of the EBS direct APIs. */
const ebs = (status: number, code: string, headers: Readonly<Record<string, string>> = {}) =>
  ({
    kind: 'answer',
    status,
    headers: { 'x-amzn-errortype': code, ...headers },
    body: JSON.stringify({ message: `why it is ${code}` }),
  }) as const;
/** Of EC2. */
const ofEc2 = (status: number, code: string, headers: Readonly<Record<string, string>> = {}) =>
  ({
    kind: 'answer',
    status,
    headers: { 'content-type': 'text/xml', ...headers },
    body: `<Response><Errors><Error><Code>${code}</Code><Message>why</Message></Error></Errors><RequestID>1</RequestID></Response>`,
  }) as const;

claimsOfPublishing('AWS', () => stage, {
  pieces: {
    busy: ebs(429, 'RequestThrottledException', { 'retry-after': '17' }),
    forbidden: ebs(403, 'AccessDeniedException'),
    expired: ebs(403, 'ExpiredTokenException'),
    refused: () => ebs(400, 'ValidationException'),
  },
  registration: {
    busy: ofEc2(503, 'RequestLimitExceeded', { 'retry-after': '17' }),
    forbidden: ofEc2(403, 'UnauthorizedOperation'),
    expired: ofEc2(400, 'RequestExpired'),
    refused: () => ofEc2(400, 'InvalidParameterValue'),
  },
  signIn: 'aws sso login',
  rights: 'ebs:PutSnapshotBlock',
  identityElsewhere: { AWS_PROFILE: 'a-role' },
});

test('a run that ended while AWS was registering is gone on with', async () => {
  using image = await Rehearsed.create(stage);
  const before = await stage.versions();
  let looks = 0;
  const isLook = (request: Passing) => nameOf(request) === 'ec2 DescribeImages';
  const registrations = () => between.seen.filter((request) => nameOf(request) === stage.registration).length;
  between.seen.length = 0;
  between.trouble = (request) =>
    isLook(request) && registrations() > 0 ? ofEc2(403, 'UnauthorizedOperation') : undefined;
  await expect(image.publish()).rejects.toThrow('does not allow it');
  between.trouble = (request) => {
    if (!isLook(request)) return undefined;
    looks += 1;
    return looks > 4
      ? undefined
      : {
          kind: 'changed',
          change: (body) => body.replace('>available</imageState>', '>pending</imageState>'),
        };
  };
  const { already, ids } = await image.publish();
  expect({ already, ids }).toEqual({ already: false, ids: stage.ids(image) });
  expect(looks).toBe(5);
  expect(registrations()).toBe(1);
  expect(await stage.versions()).toBe(before + 1);
  between.trouble = () => undefined;
});

test('the image takes IMDSv2 alone, has ENA, and prefers UEFI', async () => {
  using image = await Rehearsed.create(stage);
  between.seen.length = 0;
  await image.publish();
  const form = between.seen.map(({ body }) => new URLSearchParams(body.toString()));
  const registered = form.find((fields) => fields.get('Action') === 'RegisterImage');
  expect(Object.fromEntries(registered ?? [])).toMatchObject({
    ImdsSupport: 'v2.0',
    EnaSupport: 'true',
    BootMode: 'uefi-preferred',
    Architecture: 'x86_64',
    VirtualizationType: 'hvm',
    'BlockDeviceMapping.1.Ebs.VolumeSize': '1',
    'BlockDeviceMapping.1.Ebs.SnapshotId': expect.stringMatching(/^snap-/),
    'TagSpecification.1.Tag.2.Value': image.image.manifest.image.sha256,
  });
});

test('only blocks with data are sent, each with its SHA-256', async () => {
  using image = await Rehearsed.create(stage);
  between.seen.length = 0;
  await image.publish();
  const blocks = between.seen.filter((request) => stage.pieceOf(request) !== undefined);
  expect(blocks.map((request) => Number(stage.pieceOf(request))).sort((a, b) => a - b)).toEqual([
    0, 1, 20, 21, 22, 23, 24, 25, 26, 27, 80, 81, 82, 127,
  ]);
  for (const { body, headers } of blocks)
    expect(headers['x-amz-checksum']).toBe(createHash('sha256').update(body).digest('base64'));
});

test('what arrived in another form is not registered', async () => {
  using image = await Rehearsed.create(stage);
  between.trouble = ({ method, path }) =>
    method === 'GET' && /\/blocks\/20\b/.test(path)
      ? { kind: 'answer', status: 200, body: 'something else' }
      : undefined;
  await expect(image.publish()).rejects.toThrow('1 blocks have another content, the first is 20');
  between.trouble = () => undefined;
});

test('a snapshot that AWS has given up begins anew', async () => {
  using image = await Rehearsed.create(stage);
  between.seen.length = 0;
  between.trouble = (request) =>
    stage.pieceOf(request) === '80' ? { kind: 'answer', status: 403, body: '{}' } : undefined;
  await expect(image.publish()).rejects.toThrow('does not allow it');
  const blocks = between.seen.find((request) => stage.pieceOf(request) !== undefined);
  const given = /snap-[0-9a-f]+/.exec(blocks?.path ?? '')?.[0];
  await ec2.send(new DeleteSnapshotCommand({ SnapshotId: given }));
  between.trouble = () => undefined;
  const { ids } = await image.publish();
  expect(ids.snapshot).toMatch(/^snap-/);
  expect(ids.snapshot).not.toBe(given);
});

test('the name of another content is refused', async () => {
  using image = await Rehearsed.create(stage);
  const name = `litellm-appliance-${image.version}-ubuntu-24.04-amd64`;
  const other = { Name: name, Description: `litellm-appliance sha256:${'f'.repeat(64)}` };
  await ec2.send(new RegisterImageCommand(other));
  await expect(image.publish()).rejects.toThrow('is there already, with another content');
});

test('a Region that encrypts every new volume is refused before anything is sent', async () => {
  using image = await Rehearsed.create(stage);
  between.seen.length = 0;
  await ec2.send(new EnableEbsEncryptionByDefaultCommand({}));
  await expect(image.publish()).rejects.toThrow('encrypts every new EBS volume');
  expect(between.seen.filter((request) => stage.pieceOf(request) !== undefined)).toEqual([]);
  await ec2.send(new DisableEbsEncryptionByDefaultCommand({}));
});
