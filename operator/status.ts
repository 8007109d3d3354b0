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
  readonly checks: readonly Check[];
}

export interface StatusOptions {
  readonly json: boolean;
  /** Unset: look once. */
  readonly waitSeconds?: number;
}

const SECOND = 1000;
const POLL_MS = 2 * SECOND;

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
  return { verdict: verdictOf(checks), name: facts.name, versions, checks };
}

async function carriedOutAll(name: string, checks: () => Promise<Check[]>): Promise<Check[]> {
  let several: Check[] = [];
  const alone = await carriedOut(name, async () => {
    several = await checks();
    return { name, state: 'ok', detail: '' };
  });
  return alone.state === 'ok' ? several : [alone];
}

/** Whether there is something to wait for, which is asked without starting a program that takes a booting machine's processor. */
async function isBooting(operator: Operator): Promise<boolean> {
  const first = await carriedOut('first boot', () => checkFirstBoot(operator));
  const services = await carriedOutAll('services', () => checkServices(operator));
  return verdictOf([first, ...services]) === 'starting';
}

/** `litellm-ctl status`: prints the status, having waited for it to settle when asked to, and returns the exit code. */
export async function status(operator: Operator, { json, waitSeconds = 0 }: StatusOptions): Promise<number> {
  let leftMs = waitSeconds * SECOND;
  const pause = async (): Promise<void> => {
    leftMs -= POLL_MS;
    await operator.pause(POLL_MS);
  };
  while (leftMs > 0 && (await isBooting(operator))) await pause();
  let seen = await readStatus(operator);
  while (leftMs > 0 && seen.verdict === 'starting') {
    await pause();
    seen = await readStatus(operator);
  }
  operator.write(json ? `${JSON.stringify(seen, null, 2)}\n` : renderStatus(seen));
  return { ready: exitCodes.ok, problem: exitCodes.problem, starting: exitCodes.starting }[seen.verdict];
}

const WORDS = { ok: 'ok', waiting: 'waiting', warning: 'WARNING', problem: 'PROBLEM' } as const;

/** The status for a person. */
export function renderStatus({ verdict, name, versions, checks }: Status): string {
  const { appliance, commit, base, node, postgresql, nginx } = versions;
  const width = Math.max(...checks.map((check) => check.name.length));
  const indent = ' '.repeat(width + 13);
  const lines = checks.flatMap(({ name: what, state, detail, remedy }) => [
    `  ${WORDS[state].padEnd(8)} ${what.padEnd(width)}  ${detail.replaceAll('\n', `\n${indent}`)}`,
    ...(remedy === undefined ? [] : [`${indent}what to do: ${remedy}`]),
  ]);
  return `${name} ${appliance}: ${verdict}
  ${base}, commit ${commit}, Node ${node}, PostgreSQL ${postgresql}, nginx ${nginx}
${lines.join('\n')}
`;
}
