import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { type Asking, ask } from '../../tests/harness/metadata/asking.ts';
import { cloudNames, fakeClouds, instanceIn, toldBy } from '../../tests/harness/metadata/fake-clouds.ts';
import { startMetadataService } from '../../tests/harness/metadata/service.ts';
import { TestClock } from '../../tests/harness/metadata/test-clock.ts';
import type { CloudName } from './cloud.ts';

const NOBODY = { host: '127.0.0.1', port: 1 };

function unavailable(why: string): object {
  return { kind: 'unavailable', note: `the metadata service did not tell (${why})` };
}

/** What an answer says, in the words of the fakes. */
function told({ answer }: Awaited<ReturnType<typeof ask>>): object {
  if (answer.kind !== 'told') throw new Error(answer.note);
  const { hostNames, ...facts } = answer.facts;
  const known = Object.entries(facts).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(known), hostNames };
}

describe.each(cloudNames)('%s', (cloud) => {
  const instance = instanceIn(cloud);
  const asking = (options?: Asking) => ask(fakeClouds[cloud](instance), options);

  test('tells what it knows, and is asked as it wants to be', async () => {
    const asked = await asking();
    const { hostName, privateIpv4, ...facts } = toldBy(cloud);
    expect(told(asked)).toEqual({
      ...facts,
      ...(cloud === 'digitalocean' && { privateIpv4 }),
      hostNames: cloud === 'aws' ? [publicName, hostName] : [hostName],
    });
    expect(asked).toMatchObject({ violations: [], tookMs: 0 });
  });

  test('that has no public address for the machine says so at once', async () => {
    const { publicIpv4: _, publicIpv6: __, ...bare } = instance;
    const asked = await ask(fakeClouds[cloud](bare));
    expect(told(asked)).toMatchObject({ instanceId: instance.instanceId, hostNames: [instance.hostName] });
    expect(told(asked)).not.toHaveProperty('publicIpv4');
    expect(told(asked)).not.toHaveProperty('publicIpv6');
    expect(asked).toMatchObject({ violations: [], tookMs: 0 });
  });

  test.each([
    ['404, since it is starting', { status: 404 }],
    ['410', { status: 410 }],
    ['429, since somebody asks too much', { status: 429 }],
    ['500', { status: 500 }],
    ['silence', 'silence'],
    ['an answer that breaks off', 'half-answer'],
  ] as const)('that says %s is asked again', async (_title, fault) => {
    const asked = await asking({ faults: [fault] });
    expect(told(asked)).toEqual(told(await asking()));
    expect(asked.violations).toEqual([]);
    expect(asked.requests[1]).toBe(asked.requests[0]);
  });

  test.each([
    ['403', { status: 403 }, 'status 403'],
    ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }, 'status 302'],
    ['two mebibytes', { body: 'x'.repeat(2 ** 21) }, 'the answer is too large'],
    ['the JSON of another service', { body: '{"network":null}' }, wrongService(cloud)],
    ['a bare number', { body: '-7' }, wrongService(cloud)],
  ] as const)('that says %s is asked no more', async (_title, fault, why) => {
    const asked = await asking({ always: fault });
    expect(asked.answer).toEqual(unavailable(why));
    expect(asked.requests.length).toBe(new Set(asked.requests).size);
  });

  test('whose place a page has taken has not told', async () => {
    const asked = await asking({ always: { body: '<html>please <b>sign in: now</html>' } });
    expect(asked.answer).toMatchObject({
      kind: 'unavailable',
      note: expect.stringMatching(/the answer (?:is not|is no|names no) |an answer without /),
    });
  });

  test('that keeps silent is given up in time', async () => {
    const asked = await asking({ always: 'silence' });
    expect(asked.answer).toEqual(unavailable('no answer in time'));
    expect(asked).toMatchObject({ tookMs: 5 * 2000 + 4 * 1000, violations: [] });
  });

  test('that is not there is no error', async () => {
    const asked = await asking({ at: [NOBODY] });
    expect(asked.answer).toEqual(unavailable('not reachable'));
    expect(asked.requests).toEqual([]);
  });

  test('that answers at its other address alone is asked there, and stays to be', async () => {
    const fake = fakeClouds[cloud](instance);
    await using service = await startMetadataService(fake);
    const asked = await ask(fake, { at: [NOBODY, ...service.endpoints] });
    expect(told(asked)).toEqual(told(await asking()));
    expect(asked.tookMs).toBe(0);
  });
});

const publicName = 'ec2-203-0-113-7.eu-central-1.compute.amazonaws.com';

/** What a service of another kind is seen by. */
function wrongService(cloud: CloudName): string {
  if (cloud === 'aws') return 'status 401';
  if (cloud === 'gcp') return 'an answer without metadata-flavor';
  return 'the answer names no instance';
}

/** Here a second passes before any connection stands. */
class FarAway extends TestClock {
  override limit(ms: number): ReturnType<TestClock['limit']> {
    const limit = super.limit(ms);
    if (ms === 1000) this.advance(ms);
    return limit;
  }
}

test('a connection that takes too long is given up, and tried again', async () => {
  const asked = await ask(fakeClouds.azure(instanceIn('azure')), { clock: new FarAway() });
  expect(asked.answer).toEqual(unavailable('not reachable'));
  expect(asked).toMatchObject({ tookMs: 5 * 1000 + 4 * 1000, requests: [] });
});

test('a link-local address is asked for only where an interface is', async () => {
  const at = [{ host: 'fe80::a9fe:a9fe', port: 1 }];
  const asked = await ask(fakeClouds.hetzner(instanceIn('hetzner')), { at, links: [] });
  expect(asked.answer).toEqual(unavailable('no interface is up'));
});

test('all questions and attempts together end in time', async () => {
  const trouble = [...Array.from({ length: 4 }, () => ({ status: 500 })), 'truth' as const];
  const slow = await ask(fakeClouds.aws(instanceIn('aws')), {
    faults: [...trouble, ...trouble],
    always: 'silence',
  });
  expect(slow.answer).toEqual(unavailable('no answer within 20 s'));
  expect(slow.tookMs).toBe(20_000);
});

test('a proxy of the environment is never asked', async () => {
  const requests: string[] = [];
  const proxy = createServer((request, response) => {
    requests.push(request.url ?? '');
    response.end();
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const before = { ...process.env };
  Object.assign(process.env, { http_proxy: url, HTTP_PROXY: url, NODE_USE_ENV_PROXY: '1' });
  try {
    for (const cloud of cloudNames) {
      expect((await ask(fakeClouds[cloud](instanceIn(cloud)))).answer.kind).toBe('told');
    }
  } finally {
    process.env = before;
    proxy.close();
  }
  expect(requests).toEqual([]);
});
