import { readTextIfAny } from '../appliance/index.ts';
import { certifiedAdminUrl, credentialField, whereabouts } from '../firstboot/index.ts';
import { type Check, carriedOut, type Verdict, verdictOf } from './check.ts';
import { checkConfig } from './config-check.ts';
import { checkDatabase } from './database.ts';
import { checkDisk } from './disk.ts';
import { checkCertificates } from './edge-certificate.ts';
import { checkFirstBoot } from './first-boot.ts';
import { checkGateway } from './gateway.ts';
import { exitCodes, type Operator } from './operator.ts';
import { checkServices } from './services.ts';

export interface Versions {
  readonly appliance: string;
  readonly commit: string;
  readonly base: string;
  readonly node: string;
  readonly postgresql: number;
  readonly nginx: string;
}

export interface Status {
  readonly verdict: Verdict;
  readonly name: string;
  readonly versions: Versions;
  readonly adminUrl: string;
  readonly checks: readonly Check[];
}

export interface StatusOptions {
  readonly json: boolean;
  /** Unset: look once. */
  readonly waitSeconds?: number;
}

const SECOND = 1000;
const SHORTEST_PAUSE_MS = SECOND;
const LONGEST_PAUSE_MS = 15 * SECOND;
/** A machine that has taken long takes longer still: one pause is this part of the time that was waited before. */
const PAUSE_PART = 1 / 5;
/** Of so many looks at a first boot under way one asks systemd as well: it may have been killed before it could say so. */
const ASKED_OF = 5;

/** Looks at every part of the machine. */
export async function readStatus(operator: Operator): Promise<Status> {
  const { facts } = operator.machine;
  const services = carriedOutAll('services', () => checkServices(operator));
  const certificates = carriedOutAll('certificate', () => checkCertificates(operator));
  const others = [
    carriedOut('gateway', () => checkGateway(operator)),
    carriedOut('database', () => checkDatabase(operator)),
    carriedOut('config', () => checkConfig(operator)),
    carriedOut('disk', () => checkDisk(operator)),
  ];
  const first = await carriedOut('first boot', () => checkFirstBoot(operator));
  const checks = [first, ...(await services), ...(await Promise.all(others)), ...(await certificates)];
  const { version, commit, base, postgresql, nginx } = facts;
  const versions = { appliance: version, commit, base, node: operator.nodeVersion, postgresql, nginx };
  const adminUrl = adminUrlOf(operator);
  return { verdict: verdictOf(checks), name: facts.name, versions, adminUrl, checks };
}

/** By the name of the certificate in force; else as the credentials file knows it, or by an address of the machine. */
function adminUrlOf({ machine }: Operator): string {
  const { fs, facts } = machine;
  const file = readTextIfAny(fs, facts.paths.credentials) ?? '';
  const [hostName, localAddresses] = [machine.hostName(), machine.localAddresses()];
  return (
    certifiedAdminUrl(machine) ??
    credentialField(file, 'adminUrl') ??
    whereabouts({ hostName, localAddresses, note: '' }).adminUrl
  );
}

async function carriedOutAll(name: string, checks: () => Promise<Check[]>): Promise<Check[]> {
  let several: Check[] = [];
  const alone = await carriedOut(name, async () => {
    several = await checks();
    return { name, state: 'ok', detail: '' };
  });
  return alone.state === 'ok' ? several : [alone];
}

/**
 * Whether there is something to wait for. What it is asked with must not take a booting machine's processor: a file tells
 * that first boot is under way, after that only systemd is asked, and no other program.
 */
async function isBooting(operator: Operator, look: number): Promise<boolean> {
  const first = await carriedOut('first boot', () => checkFirstBoot(operator));
  if (first.state === 'waiting' && look % ASKED_OF !== 0) return true;
  const services = await carriedOutAll('services', () => checkServices(operator));
  return verdictOf([first, ...services]) === 'starting';
}

/** Pauses that grow, until the time to wait is over. */
class Patience {
  readonly #operator: Pick<Operator, 'pause'>;
  readonly #forMs: number;
  #waitedMs = 0;

  constructor(operator: Pick<Operator, 'pause'>, forMs: number) {
    this.#operator = operator;
    this.#forMs = forMs;
  }

  get isOver(): boolean {
    return this.#waitedMs >= this.#forMs;
  }

  async pause(): Promise<void> {
    const grown = Math.min(Math.max(this.#waitedMs * PAUSE_PART, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
    const pauseMs = Math.min(grown, this.#forMs - this.#waitedMs);
    this.#waitedMs += pauseMs;
    await this.#operator.pause(pauseMs);
  }
}

/** `litellm-ctl status`: prints the status, having waited for it to settle when asked to, and returns the exit code. */
export async function status(operator: Operator, { json, waitSeconds = 0 }: StatusOptions): Promise<number> {
  const patience = new Patience(operator, waitSeconds * SECOND);
  for (let look = 0; !patience.isOver && (await isBooting(operator, look)); look++) await patience.pause();
  let seen = await readStatus(operator);
  while (!patience.isOver && seen.verdict === 'starting') {
    await patience.pause();
    seen = await readStatus(operator);
  }
  operator.write(json ? `${JSON.stringify(seen, null, 2)}\n` : renderStatus(seen));
  return { ready: exitCodes.ok, problem: exitCodes.problem, starting: exitCodes.starting }[seen.verdict];
}

const WORDS = { ok: 'ok', waiting: 'waiting', warning: 'WARNING', problem: 'PROBLEM' } as const;

/** The status for a person. */
export function renderStatus({ verdict, name, versions, adminUrl, checks }: Status): string {
  const { appliance, commit, base, node, postgresql, nginx } = versions;
  const width = Math.max(...checks.map((check) => check.name.length));
  const indent = ' '.repeat(width + 13);
  const lines = checks.flatMap(({ name: what, state, detail, remedy }) => [
    `  ${WORDS[state].padEnd(8)} ${what.padEnd(width)}  ${detail.replaceAll('\n', `\n${indent}`)}`,
    ...(remedy === undefined ? [] : [`${indent}what to do: ${remedy}`]),
  ]);
  return `${name} ${appliance}: ${verdict}
  ${base}, commit ${commit}, Node ${node}, PostgreSQL ${postgresql}, nginx ${nginx}
  admin UI ${adminUrl}
${lines.join('\n')}
`;
}
