import { readdirSync, readFileSync } from 'node:fs';
import Handlebars from 'handlebars';
import { linkLocalRanges, localOwnerUrl, type MachineFacts, metadataHosts } from '../appliance/index.ts';
import { limits } from '../gateway/index.ts';
import { gatewayMemoryFlags } from './memory-flags.ts';

const SECOND = 1000;
const PUBLIC = 0o644;
/** What the gateway gets after its drain to settle spend and close, before it is killed. */
const SETTLE_SECONDS = 15;

export interface RenderedFile {
  /** Absolute path on the machine. */
  readonly path: string;
  readonly content: string;
  readonly mode: number;
}

/** Units that start by themselves; the others are started by these. */
export const enabledUnits = [
  'aidecheck.service',
  'aidecheck.timer',
  'litellm-account-backups.path',
  'litellm-account-backups.service',
  'litellm-aide-database.service',
  'litellm-egress.service',
  'litellm-firstboot.service',
  'litellm-address.service',
  'litellm-address.timer',
  'litellm-partitions.timer',
  'litellm.service',
  'litellm-ssh-hostkeys.service',
  'sysctl-reapply-network.service',
  'litellm-cloud-init-again.service',
  'litellm-cloud-init-settled.service',
] as const;

/** Link-local addresses of both families and the fixed ones of the clouds that use others. */
const metadataAddresses = [...linkLocalRanges, ...metadataHosts].join(' ');

const templates = new URL('templates/', import.meta.url);
const handlebars = Handlebars.create();
for (const partial of ['hardening', 'node', 'unprivileged', 'apparmor-node'])
  handlebars.registerPartial(partial, source(partial));

function source(name: string): string {
  return readFileSync(new URL(`${name}.hbs`, templates), 'utf8');
}

function rendered(name: string, values: object): string {
  return handlebars.compile(source(name), { strict: true, noEscape: true })(values);
}

/** systemd makes a unit's directories by their names below a fixed place; a fact that lies elsewhere cannot be served. */
function nameBelow(place: string, path: string): string {
  if (!path.startsWith(place))
    throw new Error(`${path}: systemd can make this directory only below ${place}`);
  return path.slice(place.length);
}

function valuesFor(facts: MachineFacts) {
  const { paths, users } = facts;
  const drainSeconds = limits.drainMs / SECOND;
  return {
    paths,
    users,
    postgresql: facts.postgresql,
    program: paths.program,
    node: `${paths.program}/bin/node`,
    memoryFlags: gatewayMemoryFlags.join(' '),
    runtime: nameBelow('/run/', paths.runtime),
    firstbootRuntime: nameBelow('/run/', paths.firstbootRuntime),
    spendDirectory: nameBelow('/var/lib/', paths.spendState),
    ownerUrl: localOwnerUrl(facts),
    drainSeconds,
    stopSeconds: drainSeconds + SETTLE_SECONDS,
    operator: paths.operator,
    egressRules: paths.egressRules,
    metadataAddresses,
    enabled: enabledUnits,
  };
}

/** The machine's own units: every template that is named like one. */
const unitNames = readdirSync(templates)
  .map((file) => file.replace(/\.hbs$/, ''))
  .filter((name) => /\.(path|service|timer)$/.test(name));

/** AppArmor profiles of ours, which the units name. */
const profiles = ['gateway', 'migrate', 'firstboot'] as const;

/** What is added to units of the distribution. */
const dropIns = {
  'fail2ban.service': 'fail2ban.conf',
  'nginx.service': 'nginx.conf',
  'postgresql@.service': 'postgresql.conf',
} as const;

/** Every unit, drop-in, AppArmor profile, preset and tmpfiles line of a machine with these facts. */
export function renderUnits(facts: MachineFacts): readonly RenderedFile[] {
  const values = valuesFor(facts);
  const file = (path: string, name: string): RenderedFile => ({
    path,
    content: rendered(name, values),
    mode: PUBLIC,
  });
  return [
    ...unitNames.map((name) => file(`/etc/systemd/system/${name}`, name)),
    ...Object.entries(dropIns).map(([unit, name]) =>
      file(`/etc/systemd/system/${unit}.d/litellm.conf`, name),
    ),
    ...profiles.map((name) => file(`/etc/apparmor.d/litellm-${name}`, `apparmor-${name}`)),
    file('/etc/systemd/system-preset/10-litellm.preset', 'preset'),
    file('/etc/tmpfiles.d/litellm.conf', 'tmpfiles.conf'),
  ];
}
