/** What holds a program that has been taken over: AppArmor and the sandboxes of systemd; the firewall is in claims-firewall.ts. */
import { beforeAll, describe, expect, test } from 'vitest';
import { quote } from 'zx';
import type { RunProgram } from '../../appliance/index.ts';
import { type ExposureRow, enabledUnits, exposureFaults, exposureTable } from '../../systemd/index.ts';
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
import type { Name, World } from './world.ts';

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
