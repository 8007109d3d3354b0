/** The outbound rules, tried on the image's machines. Natively `tests/firewall` tries the same ones, and many more. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { quote } from 'zx';
import { type Outcome, parseTarget, type Target } from '../firewall/target.ts';
import type { Network } from '../harness/network.ts';
import { facts } from './appliance.ts';
import type { RootShell } from './contained.ts';
import type { World } from './world.ts';

const firewall = (name: string): string => fileURLToPath(new URL(`../firewall/${name}`, import.meta.url));
const SCRATCH = '/run/walls';

/** Where somebody would answer. */
const reached = ['tcp 203.0.113.20 443', 'tcp 198.51.100.20 443', 'tcp 2001:db8:9::20 443'];
const refused = [
  ...[
    'tcp 10.1.2.3 443',
    'tcp 172.16.0.9 443',
    'tcp 192.168.1.1 443',
    'tcp 100.64.0.1 443',
    'tcp fd12::1 443',
  ],
  ...['tcp 203.0.113.20 80', 'tcp 203.0.113.20 8443', 'tcp 2001:db8:9::20 80'],
  ...['udp 203.0.113.20 443', 'udp 203.0.113.20 53', 'udp 10.1.2.3 53', 'udp 2001:db8:9::20 443'],
  ...['tcp 169.254.169.254 443', 'udp 169.254.169.254 53', 'tcp 168.63.129.16 80', 'udp 168.63.129.16 53'],
  ...['tcp fd00:ec2::254 80', 'udp fd00:ec2::253 53'],
];
/** These are tried but not opened by the test: they are there already. */
const METADATA = 'tcp 169.254.169.254 80';
/** Asked as Azure wants it: elsewhere it is shown that nobody has asked otherwise. */
const AZURE_INSTANCE = 'http://169.254.169.254/metadata/instance?api-version=2021-02-01';

/** Nobody is expected to be silent, so that this is waited for only where something is wrong; an emulated processor may be that slow. */
const PATIENCE_MS = 60_000;

/** Tries targets as a user of the machine, with sockets of its own Node and nothing around it. */
async function tried(
  machine: RootShell,
  user: string,
  targets: readonly string[],
): Promise<Record<string, Outcome>> {
  const as = `setpriv --reuid=${user} --regid=${user} --clear-groups --`;
  const attempts = `${facts.paths.program}/bin/node ${SCRATCH}/attempts.ts`;
  const printed = await machine.succeed(
    `${as} ${attempts} ${quote(JSON.stringify(targets.map(parseTarget)))} ${PATIENCE_MS}`,
  );
  const outcomes = JSON.parse(printed) as Outcome[];
  return Object.fromEntries(targets.map((target, index) => [target, outcomes[index] ?? 'silent']));
}

/** What differs is said first, since a list of that length is cut short where failures are told in a line. */
async function expectOutcomes(
  machine: RootShell,
  user: string,
  expected: Readonly<Record<string, Outcome>>,
): Promise<void> {
  const seen = await tried(machine, user, Object.keys(expected));
  const others = Object.entries(seen).filter(([target, outcome]) => outcome !== expected[target]);
  expect(seen, others.map((other) => other.join(': ')).join(', ')).toEqual(expected);
}

const all = (targets: readonly string[], outcome: Outcome): Record<string, Outcome> =>
  Object.fromEntries(targets.map((target) => [target, outcome]));

/** Opens listeners in the network; they end with what is returned. */
async function listen(network: Network, targets: readonly Target[]): Promise<() => Promise<void>> {
  const listeners = network.command(process.execPath, firewall('listeners.ts'), JSON.stringify(targets));
  const [command = '', ...args] = listeners;
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const gone = once(child, 'exit');
  await Promise.race([once(child.stdout, 'data'), gone]);
  if (child.exitCode !== null) throw new Error('the listeners ended');
  return async () => {
    child.stdin.end();
    await gone;
  };
}

/** Puts what tries onto the machine, and listeners where it might get to; both are gone with what is returned. */
async function prepare(network: Network, machine: RootShell): Promise<() => Promise<void>> {
  await network.ownEveryAddress();
  const stop = await listen(network, [...reached, ...refused].map(parseTarget));
  await machine.succeed(`mkdir -m 0755 -p ${SCRATCH}`);
  for (const name of ['attempts.ts', 'target.ts']) {
    await machine.succeed(
      `cat > ${SCRATCH}/${name} && chmod 0644 ${SCRATCH}/${name}`,
      readFileSync(firewall(name), 'utf8'),
    );
  }
  return async () => {
    await machine.succeed(`rm -r ${SCRATCH}`);
    await stop();
  };
}

async function expectNothingButHttps(machine: RootShell): Promise<void> {
  await expectOutcomes(machine, facts.users.service, {
    ...all(reached, 'answered'),
    ...all([...refused, METADATA], 'refused'),
  });
}

async function expectOthersReachAll(machine: RootShell): Promise<void> {
  const open = [...reached, ...refused].filter((target) => !/169\.254|168\.63|fd00:/.test(target));
  await expectOutcomes(machine, 'www-data', all(open, 'answered'));
}

/** As the booted machine has them. */
export function firewallClaims(world: () => World): void {
  let undo: () => Promise<void>;
  beforeAll(async () => {
    undo = await prepare(world().network, world().azure.machine);
  });
  afterAll(() => undo());

  test('everybody who is tried would answer another user', () => expectOthersReachAll(world().azure.machine));

  test("the gateway's user reaches HTTPS of public addresses and nothing else", () =>
    expectNothingButHttps(world().azure.machine));

  test('root alone reaches the metadata service', async () => {
    const { machine } = world().azure;
    await machine.succeed(`curl -sf -o /dev/null -m 10 -H Metadata:true ${quote(AZURE_INSTANCE)}`);
    await machine.fail(
      'setpriv --reuid=www-data --regid=www-data --clear-groups -- curl -s -m 10 http://169.254.169.254/',
    );
  });
}

/** As they are when somebody has changed them: UFW reads all of its rules anew each time, a minute where the processor is emulated. */
export function changedFirewallClaims(place: () => { machine: RootShell; network: Network }): void {
  let undo: () => Promise<void>;
  beforeAll(async () => {
    undo = await prepare(place().network, place().machine);
  });
  afterAll(() => undo());

  test('everybody who is tried would answer another user', () => expectOthersReachAll(place().machine));

  test("the gateway's user reaches HTTPS of public addresses and nothing else, also after a reload of UFW", async () => {
    const { machine } = place();
    await expectNothingButHttps(machine);
    await machine.succeed('ufw reload');
    await expectNothingButHttps(machine);
  });

  test("what the operator's file names is opened, and closed again", async () => {
    const { machine } = place();
    const { egress } = facts.paths;
    const open = ['tcp 10.1.2.3 443', 'tcp 203.0.113.20 8443'];
    await machine.succeed(`cp -p ${egress} ${SCRATCH}/egress.conf`);
    await machine.succeed(
      `cat >> ${egress} && litellm-ctl access egress`,
      'allow 10.1.2.3\nallow 203.0.113.20:8443\n',
    );
    await expectOutcomes(machine, facts.users.service, all(open, 'answered'));
    const fault = await machine.fail(`echo 'allow proxy' >> ${egress}; litellm-ctl access egress`);
    expect(fault).toContain("'allow proxy' is not understood");
    await expectOutcomes(machine, facts.users.service, all(open, 'answered'));
    await machine.succeed(`cp -p ${SCRATCH}/egress.conf ${egress} && litellm-ctl access egress`);
    await expectOutcomes(machine, facts.users.service, all(open, 'refused'));
  });
}
