/**
 * Runs on a bare machine and prints, as JSON, what each cloud's client makes of the service at its true addresses: of
 * one that is there, absent, slow, wrong, and one that knows no public address. Time passes on the clock of the test.
 */
import { readMachineFacts } from '../../appliance/index.ts';
import { askCloud, type CloudAnswer, type CloudName, clouds, hostMachine } from '../../firstboot/index.ts';
import type { FakeInstance } from '../harness/metadata/fake-cloud.ts';
import { cloudNames, fakeClouds, instanceIn } from '../harness/metadata/fake-clouds.ts';
import { type ServiceOptions, startMetadataService } from '../harness/metadata/service.ts';
import { TestClock } from '../harness/metadata/test-clock.ts';
import { limitHops, listenAt, own } from './metadata-place.ts';

export interface Answered {
  readonly answer: CloudAnswer;
  readonly tookMs: number;
  readonly violations: readonly string[];
}

export const conditions = [
  'present',
  'absent',
  'slow',
  'slow at first',
  'wrong',
  'no address',
  'IPv6',
] as const;
export type Condition = (typeof conditions)[number];
export type CloudAnswers = Readonly<Record<CloudName, Readonly<Partial<Record<Condition, Answered>>>>>;

const { metadata } = hostMachine(readMachineFacts('/opt/litellm/appliance.json'));

/** Asks the cloud as the machine does. `hosts` is where somebody answers. */
async function ask(
  cloud: CloudName,
  hosts: readonly string[],
  options: ServiceOptions = {},
  instance: FakeInstance = instanceIn(cloud),
): Promise<Answered> {
  const clock = new TestClock();
  const onSilence = (): void => clock.advance(metadata.answerTimeoutMs);
  const handles = await listenAt(hosts);
  await using service = await startMetadataService(fakeClouds[cloud](instance), {
    ...options,
    handles,
    onSilence,
  });
  const answer = await askCloud(clouds[cloud], { ...metadata, clock });
  return { answer, tookMs: clock.now, violations: service.violations };
}

async function answersOf(cloud: CloudName): Promise<CloudAnswers[CloudName]> {
  const [usual = '', ...others] = clouds[cloud].endpoints.map(({ host }) => host);
  const { publicIpv4: _, publicIpv6: __, ...bare } = instanceIn(cloud);
  return {
    absent: await ask(cloud, []),
    present: await ask(cloud, [usual]),
    slow: await ask(cloud, [usual], { always: 'silence' }),
    'slow at first': await ask(cloud, [usual], { faults: ['silence', 'silence'] }),
    wrong: await ask(cloud, [usual], { always: { body: '<html>sign in: <b>here</html>' } }),
    'no address': await ask(cloud, [usual], {}, bare),
    ...(others.length > 0 && { IPv6: await ask(cloud, others) }),
  };
}

await limitHops();
// Else a link without anybody would be waited for, in true time.
await own('fe80::a9fe:a9fe');
const answers: [CloudName, CloudAnswers[CloudName]][] = [];
for (const cloud of cloudNames) answers.push([cloud, await answersOf(cloud)]);
process.stdout.write(`${JSON.stringify(Object.fromEntries(answers))}\n`);
