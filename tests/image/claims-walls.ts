/** What holds a program that has been taken over: the firewall, AppArmor and the sandboxes of systemd. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { quote } from 'zx';
import type { RunProgram } from '../../appliance/index.ts';
import type { Machine } from '../../packer/index.ts';
import { type ExposureRow, enabledUnits, exposureFaults, exposureTable } from '../../systemd/index.ts';
import { type Outcome, parseTarget, type Target } from '../firewall/target.ts';
import type { Network } from '../harness/network.ts';
import {
  admitInterpreter,
  attempted,
  denials,
  packetSocket,
  rawSocket,
  reading,
  readingOfOthers,
  running,
  withoutLine,
} from './apparmor-attempts.ts';
import { facts } from './appliance.ts';
import type { Name, World } from './world.ts';

const firewall = (name: string): string => fileURLToPath(new URL(`../firewall/${name}`, import.meta.url));
const SCRATCH = '/run/walls';
const profiles = ['litellm-gateway', 'litellm-migrate', 'litellm-firstboot'] as const;

/** What whoever has taken over one of our programs might try. */
const forbidden = [
  reading('/root/.bashrc'),
  reading('/etc/shadow'),
  readingOfOthers('/home/azureuser/.ssh/authorized_keys'),
  reading('/etc/ssh/sshd_config'),
  rawSocket,
  packetSocket,
  running,
];

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

/** Tries targets as a user of the machine, with sockets of its own Node and nothing around it. */
async function tried(
  machine: Machine,
  user: string,
  targets: readonly string[],
): Promise<Record<string, Outcome>> {
  const as = `setpriv --reuid=${user} --regid=${user} --clear-groups --`;
  const attempts = `${facts.paths.program}/bin/node ${SCRATCH}/attempts.ts`;
  const printed = await machine.succeed(
    `${as} ${attempts} ${quote(JSON.stringify(targets.map(parseTarget)))}`,
  );
  const outcomes = JSON.parse(printed) as Outcome[];
  return Object.fromEntries(targets.map((target, index) => [target, outcomes[index] ?? 'silent']));
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

/** The outbound rules, tried on the machine itself. Natively `tests/firewall` tries the same ones, and many more. */
export function firewallClaims(world: () => World): void {
  let stop: () => Promise<void>;
  beforeAll(async () => {
    const { network, azure } = world();
    await network.ownEveryAddress();
    stop = await listen(network, [...reached, ...refused].map(parseTarget));
    await azure.machine.succeed(`mkdir -m 0755 -p ${SCRATCH}`);
    for (const name of ['attempts.ts', 'target.ts']) {
      await azure.machine.succeed(
        `cat > ${SCRATCH}/${name} && chmod 0644 ${SCRATCH}/${name}`,
        readFileSync(firewall(name), 'utf8'),
      );
    }
  });
  afterAll(async () => {
    await world().azure.machine.succeed(`rm -r ${SCRATCH}`);
    await stop();
  });

  test('everybody who is tried would answer another user', async () => {
    const open = [...reached, ...refused].filter((target) => !/169\.254|168\.63|fd00:/.test(target));
    expect(await tried(world().azure.machine, 'www-data', open)).toEqual(all(open, 'answered'));
  });

  test.each(['as the machine has started', 'after a reload of UFW'])(
    "the gateway's user reaches HTTPS of public addresses and nothing else, %s",
    async (when) => {
      const { machine } = world().azure;
      if (when.startsWith('after')) await machine.succeed('ufw reload');
      expect(await tried(machine, facts.users.service, [...reached, ...refused, METADATA])).toEqual({
        ...all(reached, 'answered'),
        ...all([...refused, METADATA], 'refused'),
      });
    },
  );

  test('root alone reaches the metadata service', async () => {
    const { machine } = world().azure;
    await machine.succeed(
      'curl -s -o /dev/null -m 10 -H Metadata:true http://169.254.169.254/metadata/instance',
    );
    await machine.fail(
      'setpriv --reuid=www-data --regid=www-data --clear-groups -- curl -s -m 10 http://169.254.169.254/',
    );
  });

  test("what the operator's file names is opened, and closed again", async () => {
    const { machine } = world().azure;
    const { egress } = facts.paths;
    const open = ['tcp 10.1.2.3 443', 'tcp 203.0.113.20 8443'];
    await machine.succeed(`cp -p ${egress} ${SCRATCH}/egress.conf`);
    await machine.succeed(
      `cat >> ${egress} && litellm-ctl access egress`,
      'allow 10.1.2.3\nallow 203.0.113.20:8443\n',
    );
    expect(await tried(machine, facts.users.service, open)).toEqual(all(open, 'answered'));
    const fault = await machine.fail(`echo 'allow proxy' >> ${egress}; litellm-ctl access egress`);
    expect(fault).toContain("'allow proxy' is not understood");
    expect(await tried(machine, facts.users.service, open)).toEqual(all(open, 'answered'));
    await machine.succeed(`cp -p ${SCRATCH}/egress.conf ${egress} && litellm-ctl access egress`);
    expect(await tried(machine, facts.users.service, open)).toEqual(all(open, 'refused'));
  });
}

/** Comes before the attempts, which are denied. */
export function allowedClaims(world: () => World, name: Name): void {
  test('all that the machine has done was allowed', async () => {
    expect(await denials(world()[name].machine)).toEqual([]);
  });
}

export function apparmorClaims(world: () => World): void {
  test('our profiles enforce, and the gateway runs under its own', async () => {
    const status = JSON.parse(await world().plain.machine.succeed('aa-status --json')) as {
      profiles: Record<string, string>;
      processes: Record<string, readonly { profile: string; status: string }[]>;
    };
    expect(status.profiles).toMatchObject(Object.fromEntries(profiles.map((name) => [name, 'enforce'])));
    const confined = Object.values(status.processes).flat();
    expect(confined).toContainEqual(
      expect.objectContaining({ profile: 'litellm-gateway', status: 'enforce' }),
    );
  });

  describe.each(profiles)('in %s', (profile) => {
    let seen: Awaited<ReturnType<typeof attempted>>;
    beforeAll(async () => {
      const { machine } = world().plain;
      const undo = await admitInterpreter(machine, profile);
      try {
        seen = await attempted(machine, profile, forbidden);
      } finally {
        await undo();
      }
    });

    test.each(forbidden)('who $act is denied it, and the log says so', (attempt) => {
      const { tried, log } = seen;
      expect(tried[forbidden.indexOf(attempt)]).toEqual({ free: 0, confined: 'Permission denied' });
      const quiet = withoutLine.some(([name, act]) => name === profile && act === attempt.act);
      if (quiet) expect(log.filter((line) => attempt.logged.test(line))).toEqual([]);
      else expect(log).toContainEqual(expect.stringMatching(attempt.logged));
    });
  });
}

export function sandboxClaims(world: () => World): void {
  let rows: readonly ExposureRow[];
  beforeAll(async () => {
    const { machine } = world().azure;
    const run: RunProgram = async (program, args) => {
      const { code, stdout, stderr } = await machine.run([program, ...args].map(quote).join(' '));
      return { exitCode: code ?? -1, stdout, stderr };
    };
    rows = await exposureTable(run);
  });

  test('no service is more exposed than is promised', () => {
    expect(exposureFaults(rows)).toEqual([]);
  });

  test('every service for which something is promised is rated', () => {
    const promised = [
      'nginx.service',
      'postgresql@.*\\.service',
      ...enabledUnits.filter((name) => name.endsWith('.service')),
    ];
    for (const name of promised) {
      const found = rows.filter(
        ({ unit, limit }) => limit !== undefined && new RegExp(`^${name}$`).test(unit),
      );
      expect(found, name).not.toEqual([]);
    }
  });
}
