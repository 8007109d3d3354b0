/** Every cloud's metadata service at its true addresses, asked with real HTTP in a network of the test's own. */
import { beforeAll, describe, expect, test } from 'vitest';
import { type CloudFacts, type CloudName, clouds, credentialField } from '../../firstboot/index.ts';
import { cloudNames, instanceIds, toldBy } from '../harness/metadata/fake-clouds.ts';
import { BareMachine, type BootResult } from './bare-machine.ts';
import type { Answered, CloudAnswers, Condition } from './cloud-answers.ts';
import type { Stop } from './cloud-tour.ts';
import { FIRST_BOOT, NODE } from './inspection.ts';

const PUBLIC_NAME = 'ec2-203-0-113-7.eu-central-1.compute.amazonaws.com';

function lastLine<T>({ stdout, stderr, exitCode }: BootResult): T {
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as T;
}

let answers: CloudAnswers;
let stops: Readonly<Record<CloudName, Stop>>;

beforeAll(async () => {
  using machine = await BareMachine.create();
  answers = lastLine(await machine.boot([NODE, '/opt/litellm/cloud-answers.mjs']));
  const tour = `${FIRST_BOOT.join(' ')} && exec ${NODE} /opt/litellm/cloud-tour.mjs`;
  stops = lastLine(await machine.boot(['sh', '-c', tour]));
});

describe.each(cloudNames)('%s', (cloud) => {
  const answer = (condition: Condition): Answered => {
    const found = answers[cloud][condition];
    if (found === undefined) throw new Error(`${cloud} was not asked while ${condition}`);
    return found;
  };
  const facts = (condition: Condition): Partial<CloudFacts> => {
    const { answer: said } = answer(condition);
    if (said.kind !== 'told') throw new Error(said.note);
    return said.facts;
  };
  const { publicIpv4, publicIpv6, region, hostName = '' } = toldBy(cloud);
  const known = { publicIpv4, publicIpv6, region, instanceId: instanceIds[cloud] };

  test('tells the machine what it knows of it', () => {
    expect(facts('present')).toMatchObject(JSON.parse(JSON.stringify(known)));
    expect(facts('present').hostNames).toContain(hostName);
    expect(answer('present')).toMatchObject({ tookMs: 0, violations: [] });
  });

  test('is never asked in a way that it refuses', () => {
    const violations = Object.values(answers[cloud]).flatMap((each) => each.violations);
    expect([...violations, ...stops[cloud].violations]).toEqual([]);
  });

  test('that is absent is no error', () => {
    expect(answer('absent').answer).toMatchObject({
      kind: 'unavailable',
      note: 'the metadata service did not tell (not reachable)',
    });
  });

  test('that is slow is waited for, but not for long', () => {
    expect(facts('slow at first')).toEqual(facts('present'));
    expect(answer('slow').answer).toMatchObject({ kind: 'unavailable' });
    expect(answer('slow').tookMs).toBeLessThanOrEqual(20_000);
  });

  test('whose place somebody else has taken tells nothing', () => {
    expect(answer('wrong').answer).toMatchObject({ kind: 'unavailable' });
  });

  test('that has no public address for it tells the rest', () => {
    expect(facts('no address')).toMatchObject({ instanceId: instanceIds[cloud] });
    expect(facts('no address')).not.toHaveProperty('publicIpv4');
    expect(facts('no address')).not.toHaveProperty('publicIpv6');
  });

  test('makes file and certificate right', () => {
    const { exitCode, output, credentials, certificateNames } = stops[cloud];
    expect(exitCode, output).toBe(0);
    const address = publicIpv4 ?? `[${publicIpv6}]`;
    expect({
      publicIp: credentialField(credentials, 'publicIp'),
      publicIpv6: credentialField(credentials, 'publicIpv6'),
      privateIp: credentialField(credentials, 'privateIp'),
      cloud: credentialField(credentials, 'cloud'),
      adminUrl: credentialField(credentials, 'adminUrl'),
    }).toEqual({
      publicIp: publicIpv4 ?? `not known: ${clouds[cloud].title} names none; ${clouds[cloud].lookUp}`,
      publicIpv6: publicIpv6 ?? 'none known',
      privateIp: '10.77.0.4',
      cloud: [
        clouds[cloud].title,
        `instance ${instanceIds[cloud]}`,
        ...(region ? [`region ${region}`] : []),
      ].join(', '),
      adminUrl: `https://${address}/ui`,
    });
    const names = certificateNames.split(', ');
    expect(names).toEqual(
      expect.arrayContaining([`DNS:${hostName}`, 'DNS:gateway-1', 'IP Address:10.77.0.4']),
    );
    if (publicIpv4 !== undefined) expect(names).toContain(`IP Address:${publicIpv4}`);
    if (publicIpv6 !== undefined) expect(names).toContain('IP Address:2001:DB8:7:0:0:0:0:7');
    expect(names.includes(`DNS:${PUBLIC_NAME}`)).toBe(cloud === 'aws');
    // It may be the initial password, so no log has it.
    expect(output).not.toContain(instanceIds[cloud]);
  });
});

const withIpv6 = cloudNames.filter((cloud) => clouds[cloud].endpoints.length > 1);

test.each(withIpv6)('%s is found where it answers by IPv6 alone', (cloud) => {
  const { present, IPv6 } = answers[cloud];
  expect(IPv6?.answer).toEqual(present?.answer);
  expect(IPv6).toMatchObject({ answer: { kind: 'told' }, tookMs: 0 });
});
