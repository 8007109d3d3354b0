/** The order of a boot: our units among those of systemd, cloud-init, OpenSSH, PostgreSQL and nginx, as they are packaged. */
import { describe, expect, test } from 'vitest';
import { machineFacts, readFacts } from '../appliance/index.ts';
import { renderUnits } from './render.ts';

interface Ordering {
  readonly after: readonly string[];
  readonly before: readonly string[];
  /** Targets that wait for the unit because they want it. */
  readonly wantedBy: readonly string[];
  readonly defaultDependencies: boolean;
}

type Units = Readonly<Record<string, Ordering>>;

function ordering(given: Partial<Ordering>): Ordering {
  return { after: [], before: [], wantedBy: [], defaultDependencies: true, ...given };
}

const bare = (given: Partial<Ordering>): Ordering => ordering({ ...given, defaultDependencies: false });

/** Read from the packages of Debian and Ubuntu. cloud-init's network stage has one of two names; both are here. */
const packaged: Units = {
  'sysinit.target': bare({ after: ['local-fs.target'] }),
  'basic.target': bare({ after: ['sysinit.target', 'sockets.target', 'paths.target'] }),
  'multi-user.target': bare({ after: ['basic.target'] }),
  'ufw.service': bare({ after: ['local-fs.target'], before: ['network-pre.target'] }),
  'network-pre.target': bare({}),
  'systemd-networkd.service': bare({ after: ['network-pre.target'], before: ['network.target'] }),
  'network-online.target': bare({ after: ['network.target'] }),
  'systemd-remount-fs.service': bare({ before: ['local-fs.target'] }),
  'systemd-tmpfiles-setup.service': bare({ after: ['local-fs.target'], before: ['sysinit.target'] }),
  'systemd-networkd-wait-online.service': bare({ before: ['network-online.target'] }),
  'cloud-init-local.service': bare({ before: ['network-pre.target', 'sysinit.target'] }),
  ...Object.fromEntries(
    ['cloud-init.service', 'cloud-init-network.service'].map((name) => [
      name,
      bare({
        after: ['cloud-init-local.service', 'systemd-networkd-wait-online.service'],
        before: ['network-online.target', 'ssh.service', 'sysinit.target', 'systemd-user-sessions.service'],
        wantedBy: ['cloud-init.target'],
      }),
    ]),
  ),
  'cloud-config.service': ordering({
    after: ['network-online.target', 'cloud-config.target'],
    wantedBy: ['cloud-init.target'],
  }),
  'cloud-config.target': bare({
    after: ['cloud-init-local.service', 'cloud-init.service', 'cloud-init-network.service'],
  }),
  'cloud-final.service': ordering({
    after: ['network-online.target', 'cloud-config.service', 'multi-user.target'],
    wantedBy: ['cloud-init.target'],
  }),
  'cloud-init.target': bare({ after: ['multi-user.target'] }),
  'ssh.service': ordering({ after: ['network.target'], wantedBy: ['multi-user.target'] }),
  'ssh.socket': bare({ after: ['sysinit.target'], before: ['sockets.target'] }),
  'postgresql.service': ordering({ wantedBy: ['multi-user.target'] }),
  'postgresql@17-main.service': ordering({ after: ['network.target'], before: ['postgresql.service'] }),
  'postgresql@16-main.service': ordering({ after: ['network.target'], before: ['postgresql.service'] }),
  'nginx.service': ordering({
    after: ['network-online.target', 'nss-lookup.target'],
    wantedBy: ['multi-user.target'],
  }),
};

function listed(text: string, key: string): string[] {
  return [...text.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].flatMap((match) =>
    (match[1] ?? '').split(' '),
  );
}

function parse(text: string): Ordering {
  return {
    after: listed(text, 'After'),
    before: listed(text, 'Before'),
    wantedBy: listed(text, 'WantedBy').filter((name) => name.endsWith('.target')),
    defaultDependencies: !text.includes('DefaultDependencies=no'),
  };
}

function withDropIns(units: Units, files: readonly { path: string; content: string }[]): Units {
  const merged: Record<string, Ordering> = { ...units };
  for (const { path, content } of files) {
    const name = /system\/(.+?)(\.d\/.*)?$/.exec(path)?.[1];
    if (name === undefined || path.includes('-preset/')) continue;
    const own = parse(content);
    const packagedOne = path.includes('.d/') ? merged[name] : undefined;
    merged[name] =
      packagedOne === undefined ? own : { ...packagedOne, after: [...packagedOne.after, ...own.after] };
  }
  return merged;
}

/** Pairs [first, then], with what systemd adds by itself. */
function edges(units: Units): [string, string][] {
  return Object.entries(units).flatMap(([name, unit]) => [
    ...unit.after.map((first): [string, string] => [first, name]),
    ...unit.before.map((then): [string, string] => [name, then]),
    ...unit.wantedBy.map((target): [string, string] => [name, target]),
    ...(unit.defaultDependencies
      ? ([['sysinit.target', name], ...(name.endsWith('.service') ? [['basic.target', name]] : [])] as [
          string,
          string,
        ][])
      : []),
  ]);
}

/** The first circle found, as a path of names; undefined when there is none. */
function circle(units: Units): string | undefined {
  const next = Map.groupBy(edges(units), ([first]) => first);
  const done = new Set<string>();
  const walk = (name: string, path: readonly string[]): string | undefined => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name].join(' -> ');
    if (done.has(name)) return undefined;
    for (const [, then] of next.get(name) ?? []) {
      const found = walk(then, [...path, name]);
      if (found !== undefined) return found;
    }
    done.add(name);
    return undefined;
  };
  return Object.keys(units)
    .map((name) => walk(name, []))
    .find((found) => found !== undefined);
}

/** Whether `first` has ended before `then` starts, by whatever chain. */
function precedes(units: Units, first: string, then: string): boolean {
  const next = Map.groupBy(edges(units), ([from]) => from);
  const reached = new Set<string>([first]);
  for (const name of reached) for (const [, after] of next.get(name) ?? []) reached.add(after);
  return reached.has(then);
}

const facts = readFacts();

describe.each(Object.keys(facts.bases))('on %s', (base) => {
  const units = withDropIns(packaged, renderUnits(machineFacts(facts, base, 'qemu', 'test')));
  const cluster = `postgresql@${facts.bases[base]?.postgresql}-main.service`;

  test('no unit waits for itself', () => {
    expect(circle(units)).toBeUndefined();
  });

  test.each([
    ['litellm-firstboot.service', 'cloud-final.service'],
    ['litellm-ssh-hostkeys.service', 'basic.target'],
    ['litellm.service', 'cloud-init.target'],
  ])('%s after %s would be a circle', (name, late) => {
    const unit = units[name] as Ordering;
    expect(circle({ ...units, [name]: { ...unit, after: [...unit.after, late] } })).toContain(name);
  });

  test.each([
    ['cloud-init.service', 'litellm-ssh-hostkeys.service'],
    ['cloud-init-network.service', 'litellm-ssh-hostkeys.service'],
    ['litellm-ssh-hostkeys.service', 'ssh.service'],
    ['litellm-ssh-hostkeys.service', 'ssh.socket'],
    ['systemd-remount-fs.service', 'litellm-cloud-init-again.service'],
    ['litellm-cloud-init-again.service', 'cloud-init-local.service'],
    ['cloud-config.service', 'litellm-cloud-init-settled.service'],
    ['litellm-ssh-hostkeys.service', 'litellm-cloud-init-settled.service'],
    ['cloud-init.service', 'litellm-firstboot.service'],
    ['cloud-init-network.service', 'litellm-firstboot.service'],
    ['litellm-firstboot.service', 'nginx.service'],
    ['litellm-firstboot.service', 'litellm-migrate.service'],
    ['litellm-firstboot.service', 'litellm-migrate-external.service'],
    ['litellm-migrate-external.service', 'litellm.service'],
    [cluster, 'litellm-migrate.service'],
    ['litellm-migrate.service', 'litellm.service'],
    ['ufw.service', 'litellm-egress.service'],
    ['litellm-egress.service', 'systemd-networkd.service'],
    ['litellm-egress.service', 'litellm.service'],
    ['network-online.target', 'litellm-address.service'],
    ['litellm-firstboot.service', 'litellm-address.service'],
  ])('%s comes before %s', (first, then) => {
    expect(precedes(units, first, then)).toBe(true);
  });

  test('a first boot that failed and is started by hand brings up the gateway, and the address after it', () => {
    const files = renderUnits(machineFacts(facts, base, 'qemu', 'test'));
    const unit = (name: string) => files.find(({ path }) => path.endsWith(`/${name}`))?.content ?? '';
    const wanted = files.filter(({ content }) =>
      listed(content, 'WantedBy').includes('litellm-firstboot.service'),
    );
    expect(wanted.map(({ path }) => path.split('/').at(-1))).toEqual([
      'litellm-address.service',
      'litellm.service',
    ]);
    expect(listed(unit('litellm.service'), 'Wants')).toContain('litellm-migrate.service');
    // By the link that enables it and not by the unit itself: who has disabled the gateway does not get it back.
    expect(listed(unit('litellm-firstboot.service'), 'Wants')).toEqual([]);
  });

  test('first boot waits for cloud-init no longer than any service of this system does', () => {
    const name = 'litellm-firstboot.service';
    const unit = units[name] as Ordering;
    const unordered = { ...unit, after: unit.after.filter((other) => !other.startsWith('cloud-init')) };
    expect(unordered.after.length).toBeLessThan(unit.after.length);
    for (const stage of ['cloud-init.service', 'cloud-init-network.service']) {
      expect(precedes({ ...units, [name]: unordered }, stage, name)).toBe(true);
    }
  });

  test.each([
    ['network-online.target', 'litellm.service'],
    ['network-online.target', 'litellm-firstboot.service'],
    ['litellm-firstboot.service', cluster],
    [cluster, 'litellm-firstboot.service'],
    ['litellm.service', 'nginx.service'],
    ['litellm-address.service', 'litellm.service'],
  ])('%s does not hold up %s', (first, then) => {
    expect(precedes(units, first, then)).toBe(false);
  });
});
