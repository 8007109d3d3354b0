/** `make publish` as a person starts it, in a checkout whose facts are a publisher's own, against EC2 and EBS direct of moto. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeImagesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { $ } from 'zx';
import { places, sha256OfFile } from '../../../packer/index.ts';
import { handOver } from '../../../publish/index.ts';
import { rehearsalKey } from '../../../sbom/index.ts';
import { printed } from '../../docs/printed.ts';
import { Between } from '../../harness/between.ts';
import { type Emulator, startMoto } from '../../harness/emulators/start.ts';
import { SmallImage } from '../../harness/small-image.ts';
import { buyersAreSentTo, sparseFile } from './stage.ts';

const MiB = 2 ** 20;
const ROOMS = [
  'appliance',
  'firstboot',
  'gateway',
  'nginx',
  'operator',
  'packer',
  'publish',
  'sbom',
  'systemd',
];
const FILES = ['Makefile', '.npmrc', 'package.json', 'package-lock.json', 'appliance.yaml'];
const keys = { AWS_ACCESS_KEY_ID: 'AKIAOFTHETEST', AWS_SECRET_ACCESS_KEY: 'secret-of-the-test' };
const checkout = mkdtempSync(join(tmpdir(), 'checkout-'));
let emulator: Emulator;
let between: Between;
let endpoint: string;
let image: SmallImage;

beforeAll(async () => {
  emulator = await startMoto();
  between = new Between();
  endpoint = await between.before(emulator.port);
  for (const name of [...ROOMS, ...FILES])
    cpSync(join(places.root, name), join(checkout, name), { recursive: true });
  symlinkSync(join(places.root, 'node_modules'), join(checkout, 'node_modules'));
  image = await smallImage();
}, 10 * 60_000);
afterAll(async () => {
  image[Symbol.dispose]();
  await between[Symbol.asyncDispose]();
  await emulator[Symbol.asyncDispose]();
  rmSync(checkout, { recursive: true });
});

/** An image of today, signed with the rehearsal key of the checkout. */
async function smallImage(): Promise<SmallImage> {
  const disk = join(checkout, 'small.raw');
  await sparseFile(disk, 4 * MiB, [
    [0, MiB],
    [3 * MiB, 4096],
  ]);
  const createdAt = new Date().toISOString();
  const file = { file: 'small.raw', bytes: 4 * MiB, sha256: await sha256OfFile(disk), diskBytes: 4 * MiB };
  const made = new SmallImage({ target: 'aws', createdAt, image: file });
  cpSync(disk, join(made.build, 'small.raw'));
  made.checks = made.checks.map((check) => ({ ...check, at: createdAt }));
  await made.seal(rehearsalKey(join(checkout, '.cache/keys/rehearsal.pem')));
  return made;
}

/** As a person has written it: nobody is sent to an example. */
function writeAddresses(): void {
  const path = join(checkout, 'appliance.yaml');
  const facts = parse(readFileSync(path, 'utf8')) as object;
  writeFileSync(path, stringify({ ...facts, listing: buyersAreSentTo }));
}

/** Types a command of the guide. */
async function typed(command: string) {
  const environment = {
    ...{ PATH: process.env.PATH, HOME: checkout, AWS_EC2_METADATA_DISABLED: 'true', ...keys },
    ...{ AWS_ENDPOINT_URL: endpoint, IMAGE: image.build },
  };
  const shell = $({ quiet: true, nothrow: true, cwd: checkout, env: environment });
  const [, ...words] = command.split(' ');
  // What is installed counts as it is.
  return shell`make --no-print-directory --old-file=node_modules/.package-lock.json ${words}`;
}

const makePublish = () => typed(printed('docs/publisher/publishing.md', 'make publish TARGET=aws'));
const dryRun = () => typed(printed('docs/publisher/publishing.md', 'make publish TARGET=aws DRY=1'));

/** What stands on stderr, but for make's own last word. */
const errorOf = (stderr: string): string[] =>
  stderr
    .trim()
    .split('\n')
    .filter((line) => !line.startsWith('make: ***'));

test('make publish TARGET=aws: refused, DRY=1, forbidden, published, and again', async () => {
  const refused = await makePublish();
  expect(refused.exitCode).not.toBe(0);
  expect(refused.stderr).toContain('the image is not published:\n  appliance.yaml has no address for buyers');
  writeAddresses();

  const dry = await dryRun();
  expect(dry).toMatchObject({ exitCode: 0, stderr: '' });
  expect(dry.stdout).toContain('would call ec2 RegisterImage {');
  expect(dry.stdout).toContain('DRY=1: no call was made');
  expect(between.seen).toEqual([]);

  between.trouble = ({ body }) =>
    body.includes('Action=RegisterImage')
      ? {
          kind: 'answer',
          status: 403,
          body: '<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>not you</Message></Error></Errors></Response>',
        }
      : undefined;
  const forbidden = await makePublish();
  expect(forbidden.exitCode).not.toBe(0);
  expect(errorOf(forbidden.stderr)).toEqual([
    expect.stringMatching(
      /^failed in publish .*: ec2 RegisterImage: AWS does not allow it \(403 Unauthor.*\): not you$/,
    ),
    expect.stringMatching(/^=> give the account the actions .*, then run the same command again/),
  ]);

  between.trouble = () => undefined;
  const published = await typed(printed('docs/publisher/README.md', 'make publish TARGET=aws'));
  expect(published).toMatchObject({ exitCode: 0, stderr: '' });
  const id = await idOfTheImage();
  expect(published.stdout).toMatch(/\bpublished\n/);
  expect(published.stdout).toMatch(/ {2}region: us-east-1\n/);
  expect(published.stdout).toMatch(/ {2}snapshot: snap-[0-9a-f]+\n/);
  expect(published.stdout).toContain(`  image: ${id}\n`);
  const { portal, verify } = handOver.aws ?? { portal: [], verify: [] };
  for (const line of [...portal, ...verify]) expect(published.stdout).toContain(`  - ${line}\n`);
  expect(published.stdout).toContain('docs/publisher/publishing.md explains each');

  const again = await makePublish();
  expect(again).toMatchObject({ exitCode: 0, stderr: '' });
  expect(again.stdout).toContain('published before; nothing was sent');
  expect(again.stdout).toContain(`  image: ${id}\n`);
  expect(await idOfTheImage()).toBe(id);
  for (const { stdout, stderr } of [refused, dry, forbidden, published, again])
    expect(`${stdout}${stderr}`).not.toContain(keys.AWS_SECRET_ACCESS_KEY);
});

/** Throws where there is more than one. */
async function idOfTheImage(): Promise<string | undefined> {
  const credentials = { accessKeyId: 'x', secretAccessKey: 'y' };
  const ec2 = new EC2Client({
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${emulator.port}`,
    credentials,
  });
  const { Images = [] } = await ec2.send(new DescribeImagesCommand({ Owners: ['self'] }));
  expect(Images).toHaveLength(1);
  return Images[0]?.ImageId;
}
