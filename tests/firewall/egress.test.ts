/** What programs on the machine reach through the rules that the machine loads, tried with sockets in a network of its own. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { applyEgress } from '../../operator/index.ts';
import { Guest } from './guest.ts';
import { FirewallMachine, type User, uids } from './machine.ts';
import { type Outcome, parseTarget } from './target.ts';

/** What the gateway reaches and does not, before the operator has allowed anything. */
const gateway = {
  reaches: [
    'tcp 203.0.113.10 443',
    'tcp 198.51.100.77 443',
    'tcp 192.0.2.1 443',
    'tcp 1.1.1.1 443',
    'tcp 172.32.0.1 443',
    'tcp 100.128.0.1 443',
    'tcp ::ffff:203.0.113.10 443',
    'tcp 2001:db8:9::1 443',
    'tcp 2600:1901::1 443',
  ],
  reachesAtHome: [
    'udp 127.0.0.53 53',
    'tcp 127.0.0.53 53',
    'udp ::1 53',
    'tcp 127.0.0.1 5432',
    'tcp ::1 5432',
  ],
  isRefused: [
    ...['tcp 10.1.2.3 443', 'tcp 10.1.2.3 80', 'udp 10.1.2.3 53', 'udp 10.1.2.3 443'],
    ...['tcp 172.16.9.9 443', 'tcp 172.31.255.1 443', 'tcp 192.168.1.1 443', 'tcp 100.64.0.1 443'],
    ...['tcp 192.0.0.8 443', 'tcp 198.18.0.1 443', 'tcp 169.254.1.1 443'],
    ...['tcp 169.254.169.254 80', 'tcp 169.254.169.254 443', 'udp 169.254.169.254 53'],
    ...['tcp 168.63.129.16 80', 'tcp 168.63.129.16 443', 'udp 168.63.129.16 53', 'tcp 168.63.129.16 32526'],
    ...['tcp 100.100.100.200 80', 'tcp ::ffff:10.1.2.3 443', 'tcp ::ffff:169.254.169.254 80'],
    ...['tcp 203.0.113.10 80', 'tcp 203.0.113.10 8443', 'tcp 203.0.113.10 53', 'tcp 203.0.113.10 5432'],
    ...['udp 203.0.113.10 443', 'udp 203.0.113.10 53', 'udp 8.8.8.8 53', 'udp 203.0.113.10 123'],
    ...['tcp 2001:db8:9::1 80', 'udp 2001:db8:9::1 443', 'udp 2001:db8:9::1 53'],
    ...['tcp fd20:ce::254 80', 'tcp fd00:c1::a9fe:a9fe 80'],
    ...['tcp fd12::1 443', 'tcp fd00:ec2::254 80', 'tcp fd00:ec2::254 443', 'udp fd00:ec2::253 53'],
    ...['tcp 2002:a01:203::1 443', 'tcp 2001:0:1::1 443', 'tcp 64:ff9b::a01:203 443'],
    ...['tcp fe80::a9fe:a9fe%wire 80', 'tcp fe80::a9fe:a9fe%wire 443'],
  ],
  isRefusedAtHome: [
    ...['tcp 127.0.0.1 6379', 'tcp 127.0.0.1 443', 'tcp 127.0.0.2 5432', 'udp 127.0.0.1 123'],
    ...['tcp ::1 6379', 'tcp ::1 443'],
  ],
} as const;

/** The same of everybody else. */
const others: readonly { user: User; reaches: readonly string[]; isRefused: readonly string[] }[] = [
  {
    user: 'root',
    reaches: [
      ...['tcp 169.254.169.254 80', 'tcp 168.63.129.16 80', 'tcp 168.63.129.16 32526'],
      ...[
        'udp 169.254.169.254 53',
        'tcp fd00:ec2::254 80',
        'tcp fd20:ce::254 80',
        'tcp fd00:c1::a9fe:a9fe 80',
        'tcp fe80::a9fe:a9fe%wire 80',
        'tcp 10.1.2.3 443',
      ],
    ],
    isRefused: [],
  },
  {
    user: 'systemd-resolve',
    reaches: [
      ...['udp 169.254.169.254 53', 'tcp 169.254.169.254 53', 'udp 168.63.129.16 53', 'udp fd00:ec2::253 53'],
      ...['udp 8.8.8.8 53', 'udp 10.1.2.3 53'],
    ],
    isRefused: [
      'tcp 169.254.169.254 80',
      'tcp 168.63.129.16 80',
      'udp 169.254.169.254 123',
      'tcp fd00:ec2::254 80',
    ],
  },
  {
    user: 'systemd-timesync',
    reaches: ['udp 169.254.169.254 123', 'udp 169.254.169.123 123', 'udp 203.0.113.10 123'],
    isRefused: ['tcp 169.254.169.254 80', 'udp 169.254.169.254 53', 'tcp 168.63.129.16 80'],
  },
  {
    user: 'systemd-network',
    reaches: ['udp 168.63.129.16 67', 'udp 10.1.2.3 67'],
    isRefused: ['tcp 168.63.129.16 80', 'udp 168.63.129.16 53'],
  },
  {
    user: 'www-data',
    reaches: [
      ...[
        'tcp 203.0.113.10 443',
        'tcp 203.0.113.10 80',
        'udp 8.8.8.8 53',
        'tcp 10.1.2.3 80',
        'tcp 169.254.1.1 443',
      ],
      ...['tcp 2001:db8:9::1 80', 'tcp fd12::1 443'],
    ],
    isRefused: [
      ...[
        'tcp 169.254.169.254 80',
        'udp 169.254.169.254 53',
        'udp 169.254.169.254 123',
        'tcp 168.63.129.16 80',
      ],
      ...[
        'tcp 168.63.129.16 32526',
        'udp 168.63.129.16 53',
        'udp 168.63.129.16 67',
        'tcp 100.100.100.200 80',
      ],
      ...['tcp fd00:ec2::254 80', 'udp fd00:ec2::253 53', 'tcp fe80::a9fe:a9fe%wire 80'],
      ...['tcp fd20:ce::254 80', 'tcp fd00:c1::a9fe:a9fe 80'],
    ],
  },
];

/** Further places, which only a test of the operator's file asks for. */
const allowable = [
  'tcp 10.1.2.4 443',
  'tcp 10.1.2.3 3128',
  'tcp fd12::1 8443',
  'tcp 10.77.0.5 5433',
  'tcp fd12::5 5433',
];

const everyUser = others.flatMap(({ reaches, isRefused }) => [...reaches, ...isRefused]);
const outside = [...new Set([...gateway.reaches, ...gateway.isRefused, ...everyUser, ...allowable])];
const atHome = [...gateway.reachesAtHome, ...gateway.isRefusedAtHome];
/** Listening under its IPv6 name would take an IPv4 address twice. */
const isMapped = (target: string): boolean => target.includes('::ffff:');

let guest: Guest;
let machine: FirewallMachine;

beforeAll(async () => {
  guest = await Guest.create();
  machine = await FirewallMachine.create(guest);
  const farEnd = outside
    .filter((target) => !isMapped(target))
    .map((target) => target.replace('%wire', '%guests'));
  await guest.listen('outside', farEnd.map(parseTarget));
  await guest.listen('inside', atHome.map(parseTarget));
}, 60_000);
afterAll(async () => {
  machine?.[Symbol.dispose]();
  await guest?.[Symbol.asyncDispose]();
});

/** Tries all targets as a user; the outcomes by target. */
async function tried(user: User, targets: readonly string[]): Promise<Record<string, Outcome>> {
  const outcomes = await guest.attempt(uids[user], targets.map(parseTarget));
  return Object.fromEntries(targets.map((target, index) => [target, outcomes[index] ?? 'silent']));
}

const all = (targets: readonly string[], outcome: Outcome): Record<string, Outcome> =>
  Object.fromEntries(targets.map((target) => [target, outcome]));

describe('before any rule is loaded', () => {
  test('everybody who is tried below would answer the gateway', async () => {
    expect(await tried('litellm', [...outside, ...atHome])).toEqual(all([...outside, ...atHome], 'answered'));
  });
});

describe('with the rules of the image', () => {
  let outcomes: Record<string, Outcome>;
  beforeAll(async () => {
    await machine.startUnit();
    outcomes = await tried('litellm', [...outside, ...atHome]);
  });

  test.each([...gateway.reaches, ...gateway.reachesAtHome])('the gateway reaches %s', (target) => {
    expect(outcomes[target]).toBe('answered');
  });

  test.each([...gateway.isRefused, ...gateway.isRefusedAtHome])(
    'the gateway is refused %s, at once',
    (target) => {
      expect(outcomes[target]).toBe('refused');
    },
  );

  test('a group of machines is refused to the gateway alone', async () => {
    const groups = ['udp 224.0.0.251 5353', 'udp ff02::fb%wire 5353'];
    const joined = groups.map((group) => parseTarget(group.replace('%wire', '%guests')));
    await guest.listen('outside', joined);
    expect(await tried('www-data', groups)).toEqual(all(groups, 'answered'));
    expect(await tried('litellm', groups)).toEqual(all(groups, 'refused'));
  });

  test.each(others)(
    '$user reaches what it needs and no other metadata',
    async ({ user, reaches, isRefused }) => {
      expect(await tried(user, [...reaches, ...isRefused])).toEqual({
        ...all(reaches, 'answered'),
        ...all(isRefused, 'refused'),
      });
    },
  );

  test('a probe that comes from a metadata address is answered by whoever listens', async () => {
    const probed = { protocol: 'tcp', address: '192.0.2.11', port: 443 } as const;
    await guest.listen('inside', [probed], uids['www-data']);
    expect(await guest.attemptFromOutside([{ ...probed, from: '168.63.129.16' }])).toEqual(['answered']);
  });

  test('starting the unit again changes nothing', async () => {
    const before = await machine.loaded();
    await machine.startUnit();
    expect(await machine.loaded()).toBe(before);
    expect(before.match(/^-A OUTPUT -j litellm-egress$/gm)).toHaveLength(2);
  });
});

describe('beside UFW', () => {
  const some = ['tcp 10.1.2.3 443', 'tcp 169.254.169.254 80', 'tcp 127.0.0.1 6379', 'tcp fd12::1 443'];
  const ufw = async (...args: string[]): Promise<void> => {
    const { exitCode, stdout, stderr } = await guest.run('ufw', args);
    if (exitCode !== 0) throw new Error(`ufw ${args.join(' ')}: ${stdout}${stderr}`);
  };

  test.each([[['--force', 'enable']], [['reload']], [['deny', 'out', '1234/tcp']], [['disable']]])(
    'the walls stand after ufw %s',
    async (args) => {
      await ufw(...args);
      expect(await tried('litellm', [...some, 'tcp 203.0.113.10 443'])).toEqual({
        ...all(some, 'refused'),
        'tcp 203.0.113.10 443': 'answered',
      });
    },
  );

  test('what an operator closes with UFW is closed for the gateway too', async () => {
    await ufw('--force', 'enable');
    await ufw('reject', 'out', 'to', '203.0.113.10');
    const closed = await tried('litellm', ['tcp 203.0.113.10 443', 'tcp 198.51.100.77 443']);
    await ufw('disable');
    expect(closed).toEqual({ 'tcp 203.0.113.10 443': 'refused', 'tcp 198.51.100.77 443': 'answered' });
  });
});

describe("the operator's file", () => {
  const closed = [
    'tcp 10.1.2.3 80',
    'tcp 169.254.169.254 80',
    'tcp fd00:ec2::254 80',
    'tcp 203.0.113.10 8443',
  ];

  test('opens what it names, and nothing else', async () => {
    machine.allow(
      '# a model, a proxy',
      'allow 10.1.2.4',
      'allow 10.1.2.3:3128 # proxy',
      'allow [fd12::/16]:8443',
    );
    await applyEgress(machine.operator());
    const opened = ['tcp 10.1.2.4 443', 'tcp 10.1.2.3 3128', 'tcp fd12::1 8443'];
    const others = ['tcp 10.1.2.3 443', 'tcp fd12::1 443', 'udp 10.1.2.3 443', ...closed];
    expect(await tried('litellm', [...opened, ...others])).toEqual({
      ...all(opened, 'answered'),
      ...all(others, 'refused'),
    });
    expect(machine.said).toContain('10.1.2.3/32, TCP port 3128');
  });

  test('outlives a restart of the machine', async () => {
    await machine.startUnit();
    expect(await tried('litellm', ['tcp 10.1.2.3 3128'])).toEqual({ 'tcp 10.1.2.3 3128': 'answered' });
  });

  test('may open everything, but no metadata service', async () => {
    machine.allow('allow 0.0.0.0/0', 'allow ::/0');
    await applyEgress(machine.operator());
    const opened = [
      'tcp 10.1.2.3 80',
      'tcp 203.0.113.10 8443',
      'tcp 127.0.0.1 6379',
      'tcp 64:ff9b::a01:203 443',
    ];
    const never = gateway.isRefused.filter((target) =>
      /169\.254|168\.63|100\.100|fd00:|fd20:|fe80:/.test(target),
    );
    expect(await tried('litellm', [...opened, ...never])).toEqual({
      ...all(opened, 'answered'),
      ...all(never, 'refused'),
    });
  });

  test('takes back what it no longer names', async () => {
    machine.allow();
    await applyEgress(machine.operator());
    expect(await tried('litellm', closed)).toEqual(all(closed, 'refused'));
  });

  test('with a fault changes nothing, and the fault is named', async () => {
    const before = [await machine.loaded(), machine.ruleFiles()];
    machine.allow('allow 10.1.2.4', 'allow proxy.internal:3128', 'allow 169.254.169.254');
    await expect(applyEgress(machine.operator())).rejects.toThrow(/line 2: .*no names\n.*line 3: .*metadata/);
    expect([await machine.loaded(), machine.ruleFiles()]).toEqual(before);
    machine.allow();
  });

  test('rules that the kernel would not take leave those from before in both families', async () => {
    const before = [await machine.loaded(), machine.ruleFiles()];
    machine.allow('allow 10.1.2.4');
    const operator = machine.operator();
    const run: typeof operator.machine.run = (program, args, options) =>
      program === 'ip6tables-restore' && !args.includes('--test') && options?.input?.includes('Generated')
        ? Promise.resolve({ exitCode: 4, stdout: '', stderr: 'out of memory' })
        : operator.machine.run(program, args, options);
    await expect(applyEgress({ ...operator, machine: { ...operator.machine, run } })).rejects.toThrow(
      /has those from before: .*out of memory/,
    );
    expect([await machine.loaded(), machine.ruleFiles()]).toEqual(before);
    machine.allow();
  });
});

describe('a database elsewhere', () => {
  test.each([
    ['10.77.0.5', ['tcp 10.77.0.5 5433'], ['tcp fd12::5 5433']],
    ['[fd12::5]', ['tcp fd12::5 5433'], ['tcp 10.77.0.5 5433']],
    ['db.internal.test', ['tcp 10.77.0.5 5433', 'tcp fd12::5 5433'], []],
  ])('at %s is reached, and the local one no more', async (host, reached, refused) => {
    machine.useDatabase(`postgresql://litellm:secret@${host}:5433/litellm`);
    await applyEgress(machine.operator());
    const closed = [...refused, 'tcp 127.0.0.1 5432', 'tcp 10.1.2.3 443'];
    expect(await tried('litellm', [...reached, ...closed])).toEqual({
      ...all(reached, 'answered'),
      ...all(closed, 'refused'),
    });
  });
});
