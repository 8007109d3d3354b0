import { join } from 'node:path';
import {
  type MachineFacts,
  mustRun,
  parseEnvFile,
  readTextIfAny,
  writeFileAtomic,
} from '../appliance/index.ts';
import { acquireLock, type Machine } from '../firstboot/index.ts';
import { databaseDestinations } from './egress-database.ts';
import { type Destination, type Family, parseEgressFile } from './egress-file.ts';
import { EGRESS_CHAIN, egressRules } from './egress-rules.ts';
import { exitCodes, type Operator, OperatorError } from './operator.ts';

const PUBLIC = 0o644;
/** For another program that changes the rules, in seconds. */
const WAIT = '--wait=60';
const programs = { ipv4: 'iptables', ipv6: 'ip6tables' } as const;
const families = Object.keys(programs) as Family[];

/** Files that the unit litellm-egress.service loads when the machine starts, by family. */
export function egressRuleFiles({ paths }: MachineFacts): Readonly<Record<Family, string>> {
  return { ipv4: join(paths.egressRules, 'ipv4.rules'), ipv6: join(paths.egressRules, 'ipv6.rules') };
}

/** The rules of a machine whose operator has allowed nothing yet: those of the image. */
export function shippedEgressRules(facts: MachineFacts): { path: string; content: string }[] {
  const local = databaseDestinations('postgresql://localhost', facts.ports.postgresql);
  return families.map((family) => ({
    path: egressRuleFiles(facts)[family],
    content: egressRules(facts, family, local),
  }));
}

/**
 * `litellm-ctl access egress`: makes the operator's file and the place of the database into rules and loads them. Each
 * family is replaced in one step and never empty in between; a file with a fault changes nothing.
 */
export async function applyEgress(operator: Operator, json = false): Promise<number> {
  const { machine } = operator;
  const { facts, fs } = machine;
  using _lock = await acquireLock(machine, facts.paths.egressRules);
  const own = parseEgressFile(readTextIfAny(fs, facts.paths.egress) ?? '', facts.paths.egress);
  const destinations = [...databaseOf(machine), ...own];
  const rules = {
    ipv4: egressRules(facts, 'ipv4', destinations),
    ipv6: egressRules(facts, 'ipv6', destinations),
  };
  for (const family of families) await load(machine, family, rules[family], ['--test']);
  await loadAll(machine, rules);
  const files = egressRuleFiles(facts);
  for (const family of families) {
    writeFileAtomic(fs, files[family], rules[family], { mode: PUBLIC, owner: { uid: 0, gid: 0 } });
  }
  operator.write(json ? `${JSON.stringify({ allowed: own }, null, 2)}\n` : summary(facts, own));
  return exitCodes.ok;
}

/** Both families or, where the second is refused, neither. */
async function loadAll(machine: Machine, rules: Readonly<Record<Family, string>>): Promise<void> {
  const files = egressRuleFiles(machine.facts);
  const loaded: Family[] = [];
  try {
    for (const family of families) {
      await load(machine, family, rules[family]);
      loaded.push(family);
      await hook(machine, family);
    }
  } catch (cause) {
    for (const family of loaded) {
      const before = readTextIfAny(machine.fs, files[family]);
      if (before !== undefined) await load(machine, family, before);
    }
    throw new OperatorError(
      `the firewall did not take the rules, and has those from before: ${(cause as Error).message}`,
      'systemctl restart litellm-egress, and read: journalctl -b -u litellm-egress',
      { cause },
    );
  }
}

async function load(
  machine: Machine,
  family: Family,
  rules: string,
  options: readonly string[] = [],
): Promise<void> {
  const args = ['--noflush', WAIT, ...options];
  await mustRun(machine.run, `${programs[family]}-restore`, args, { input: rules });
}

/** Sends everything through our chain first; UFW's own are behind it and do not touch it. */
async function hook(machine: Machine, family: Family): Promise<void> {
  const jump = ['OUTPUT', '--jump', EGRESS_CHAIN];
  const { exitCode } = await machine.run(programs[family], [WAIT, '--check', ...jump]);
  if (exitCode !== 0) await mustRun(machine.run, programs[family], [WAIT, '--insert', ...jump]);
}

function databaseOf({ fs, facts }: Machine): Destination[] {
  const { serviceEnv, providersEnv, databaseEnv } = facts.paths;
  // The order in which the unit of the gateway reads them: the last one wins.
  const values = [serviceEnv, providersEnv, databaseEnv].map((path) =>
    parseEnvFile(readTextIfAny(fs, path) ?? '', path),
  );
  const { DATABASE_URL } = Object.assign({}, ...values) as Record<string, string>;
  return databaseDestinations(DATABASE_URL ?? 'postgresql://localhost', facts.ports.postgresql);
}

function summary({ paths }: MachineFacts, own: readonly Destination[]): string {
  const allowed = own.map(
    ({ range, port }) => `  ${range}, ${port === undefined ? 'any TCP port' : `TCP port ${port}`}\n`,
  );
  const head =
    'The gateway reaches name servers on this machine, its database and port 443 of public addresses';
  if (allowed.length === 0) return `${head}, and nothing else.\n${paths.egress} allows more.\n`;
  return `${head}, and\n${allowed.join('')}`;
}
