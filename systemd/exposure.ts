import { mustRun, type RunProgram } from '../appliance/index.ts';

/** One service of a machine as `systemd-analyze security` rates it, from 0 (closed) to 10 (open). */
export interface ExposureRow {
  readonly unit: string;
  readonly exposure: number;
  /** What it may be at most; unset where nothing is promised. */
  readonly limit?: number;
  /** Why it may be that much. */
  readonly reason: string;
}

interface Rule {
  readonly units: RegExp;
  readonly limit?: number;
  readonly reason: string;
}

/** The first rule that fits a unit counts. */
const rules: readonly Rule[] = [
  { units: /^litellm\.service$/, limit: 2, reason: 'talks to strangers and to providers' },
  {
    units: /^(litellm-|aidecheck\.|sysctl-reapply-network\.)/,
    limit: 5,
    reason: 'ours; what it may do beyond the common set is said in the unit',
  },
  { units: /^nginx\.service$/, limit: 5, reason: 'its master is root, for low ports and the certificate' },
  { units: /^postgresql@.*\.service$/, limit: 5, reason: 'started by root, who becomes its owner' },
  { units: /^fail2ban\.service$/, limit: 5, reason: 'bans by the firewall and reads logs of others' },
  {
    units:
      /^(ssh|sshd|ssh@.*|sshd@.*|sshd-.*|getty@.*|serial-getty@.*|user@.*|console-getty|emergency|rescue)\.service$/,
    reason: 'gives people a session, which must be able to do what they may',
  },
  {
    units: /^(apt-|dpkg-|unattended-upgrades|packagekit|aptd|snapd|ua-|ubuntu-|esm-|update-notifier)/,
    reason: 'installs packages, whose scripts may do anything',
  },
  { units: /^(cloud-|sshd-keygen)/, reason: 'sets the machine up as the launch asked, once a boot' },
  {
    units: /^certbot\.service$/,
    reason: 'runs twice a day; it edits nginx and runs hooks that the operator may have put there',
  },
  { units: /^cron\.service$/, reason: "runs the operator's and the packages' jobs, whatever these are" },
  {
    units:
      /^(systemd-|dbus|user-runtime-dir@|modprobe@|plymouth|apparmor|ufw|auditd|audit-rules|rsyslog|polkit|udisks|multipath|keyboard-setup|console-setup|grub-)/,
    reason: 'part of the system, as the distribution ships it',
  },
];

const UNKNOWN = 'as its package ships it; no promise is made about it';

/** What is promised about a unit. */
export function exposureRule(unit: string): Omit<ExposureRow, 'unit' | 'exposure'> {
  const { limit, reason = UNKNOWN } = rules.find(({ units }) => units.test(unit)) ?? {};
  return { reason, ...(limit === undefined ? {} : { limit }) };
}

/**
 * Every service that runs on the system, and every other for which something is promised, most exposed first. Throws
 * ProgramError when systemd does not tell.
 */
export async function exposureTable(run: RunProgram): Promise<ExposureRow[]> {
  const json = await mustRun(run, 'systemd-analyze', ['security', '--no-pager', '--json=short']);
  const rated = (JSON.parse(json) as readonly { unit: string; exposure: string | number }[]).map(
    ({ unit, exposure }) => row(unit, exposure),
  );
  // The list leaves out services that do their work and end.
  const listed = new Set(rated.map(({ unit }) => unit));
  const others = (await installedServices(run)).filter(
    (unit) => !listed.has(unit) && exposureRule(unit).limit !== undefined,
  );
  for (const unit of others) rated.push(row(unit, await exposureOf(run, unit)));
  return rated.sort((one, other) => other.exposure - one.exposure || one.unit.localeCompare(other.unit));
}

function row(unit: string, exposure: string | number): ExposureRow {
  return { unit, exposure: Number(exposure), ...exposureRule(unit) };
}

/** Units with a file of their own; a template has no exposure, its instances do. */
async function installedServices(run: RunProgram): Promise<string[]> {
  const options = ['--type=service', '--no-pager', '--plain', '--no-legend'];
  const files = await mustRun(run, 'systemctl', ['list-unit-files', ...options]);
  const names = files.split('\n').map((line) => line.split(' ', 1)[0] ?? '');
  return names.filter((name) => name !== '' && !name.includes('@.'));
}

async function exposureOf(run: RunProgram, unit: string): Promise<string> {
  const said = await mustRun(run, 'systemd-analyze', ['security', '--no-pager', unit]);
  return /Overall exposure level for \S+: ([\d.]+)/.exec(said)?.[1] ?? 'unknown';
}

/** The rows that break a promise, those that could not be rated included. */
export function exposureFaults(rows: readonly ExposureRow[]): ExposureRow[] {
  return rows.filter(({ exposure, limit }) => limit !== undefined && !(exposure <= limit));
}
