import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installedPackages } from '../../packer/index.ts';
import { finding, type LooksByRow, lines, NotRun, said } from './look.ts';
import { pending } from './pending-updates.ts';
import { namesIn, settings } from './tree.ts';

/** The operator's pages, in this repository. */
const GUIDE = 'docs/operator';

export const updates: LooksByRow = {
  'PKG-03': {
    disk: async ({ tree }, subject) => {
      const count = installedPackages(tree).length;
      if (count === 0) throw new NotRun('dpkg knows no package');
      const updates = (await pending(subject)).filter((line) => /-security|Debian-Security/i.test(line));
      return finding(
        `${count} packages`,
        updates.map((line) => `pending: ${line}`),
      );
    },
  },
  'PKG-04': {
    booted: async (guest) => {
      const settingsOfApt = await said(guest, 'apt-config dump');
      const timer = (await guest.run('systemctl is-enabled apt-daily-upgrade.timer')).stdout.trim();
      return finding(
        'apt-config dump, apt-daily-upgrade.timer',
        /^APT::Periodic::Unattended-Upgrade "1";$/m.test(settingsOfApt) ? [] : 'unattended upgrades are off',
        /^Unattended-Upgrade::(Allowed-Origins|Origins-Pattern)::? ".*[Ss]ecurity.*";$/m.test(settingsOfApt)
          ? []
          : 'unattended upgrades do not take security updates',
        timer === 'enabled' ? [] : `apt-daily-upgrade.timer is ${timer}`,
      );
    },
  },
  'PKG-07': {
    disk: ({ tree }, { target, manifest }) => {
      const files = [
        '/etc/apt/sources.list',
        ...namesIn(tree, '/etc/apt/sources.list.d').map((name) => `/etc/apt/sources.list.d/${name}`),
      ];
      const text = files.flatMap((path) => settings(tree, path)).join('\n');
      if (text === '') throw new NotRun('the tree has no package sources');
      const azure = target === 'azure' && manifest.base.startsWith('ubuntu');
      return finding(
        `${files.length} files`,
        ['-updates', '-security']
          .filter((pocket) => !text.includes(pocket))
          .map((pocket) => `no source has ${pocket}`),
        azure && !text.includes('azure.') ? "no source is Azure's mirror" : [],
      );
    },
  },
  'SVC-04': {
    disk: ({ tree }, { repository }) => {
      const guide = namesIn(repository, GUIDE)
        .map((name) => readFileSync(join(repository, GUIDE, name), 'utf8'))
        .join('\n');
      const shipped = new Set(
        namesIn(tree, '/var/lib/dpkg/info')
          .filter((name) => name.endsWith('.list'))
          .flatMap((name) => readFileSync(join(tree, '/var/lib/dpkg/info', name), 'utf8').split('\n')),
      );
      const timers = namesIn(tree, '/etc/systemd/system')
        .filter((name) => name.endsWith('.timer'))
        .map((name) => `/etc/systemd/system/${name}`);
      const jobs = [
        '/etc/cron.d',
        '/etc/cron.hourly',
        '/etc/cron.daily',
        '/etc/cron.weekly',
        '/etc/cron.monthly',
        '/var/spool/cron/crontabs',
      ].flatMap((directory) => namesIn(tree, directory).map((name) => `${directory}/${name}`));
      const ours = [...timers, ...jobs].filter(
        (path) => !shipped.has(path) && !path.endsWith('/.placeholder'),
      );
      return finding(
        `${ours.length} of ours`,
        ours
          .filter((path) => !guide.includes(path.slice(path.lastIndexOf('/') + 1)))
          .map((path) => `${GUIDE}/ does not explain ${path}`),
      );
    },
  },
  'SVC-08': {
    online: async (guest) => {
      if (guest.reboot === undefined) throw new NotRun('this machine cannot be rebooted from here');
      const update = 'apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y dist-upgrade';
      await said(guest, update);
      await guest.reboot();
      const { code, stdout } = await guest.run('litellm-ctl status --wait');
      const upgraded = await lines(guest, 'grep -c " upgrade " /var/log/dpkg.log || true');
      return finding(
        `${upgraded[0] ?? 0} upgrades, reboot`,
        code === 0 ? [] : `it is not ready afterwards: ${stdout.trim()}`,
      );
    },
  },
};
