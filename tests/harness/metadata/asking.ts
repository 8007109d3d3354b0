import {
  askCloud,
  type CloudAnswer,
  type CloudName,
  clouds,
  type MetadataAccess,
} from '../../../firstboot/index.ts';
import type { FakeCloud } from './fake-cloud.ts';
import { type ServiceOptions, startMetadataService } from './service.ts';
import { TestClock } from './test-clock.ts';

type Endpoint = (typeof clouds)[CloudName]['endpoints'][number];

export interface Asking extends ServiceOptions {
  readonly clock?: TestClock;
  /** Where the cloud is looked for; unset: at the fake. */
  readonly at?: readonly Endpoint[];
  readonly links?: readonly string[];
}

export interface Asked {
  readonly answer: CloudAnswer;
  readonly requests: readonly string[];
  readonly violations: readonly string[];
  /** How long it took, on the clock of the test. */
  readonly tookMs: number;
}

/** Our patience, on a clock that waits for nobody. */
export function accessWith(clock: TestClock, links: readonly string[]): MetadataAccess {
  return {
    clock,
    ...{
      connectTimeoutMs: 1000,
      answerTimeoutMs: 2000,
      attempts: 5,
      pauseMs: 1000,
      overallTimeoutMs: 20_000,
    },
    links: () => links,
  };
}

/** Asks this cloud, with real HTTP, about the machine that it knows. Silence lasts until our patience is at an end. */
export async function ask(
  fake: FakeCloud,
  { at, links = [], clock = new TestClock(), ...options }: Asking = {},
): Promise<Asked> {
  const access = accessWith(clock, links);
  const onSilence = (): void => clock.advance(access.answerTimeoutMs);
  await using service = await startMetadataService(fake, { onSilence, ...options });
  const answer = await askCloud({ ...clouds[fake.name], endpoints: at ?? service.endpoints }, access);
  return { answer, requests: service.requests, violations: service.violations, tookMs: clock.now };
}
