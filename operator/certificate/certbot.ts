import { readTextIfAny } from '../../appliance/index.ts';
import { credentialField } from '../../firstboot/index.ts';
import { type Operator, OperatorError } from '../operator.ts';
import { explainFailure, type Surroundings } from './explain.ts';
import { CERTBOT_LOG } from './lineages.ts';

const MINUTE = 60_000;
/** Several names are validated one after the other, and an authority may take its time. */
const TIMEOUT_MS = 10 * MINUTE;

/** Certbot's own directory, when none is named. */
export const DEFAULT_SERVER = 'https://acme-v02.api.letsencrypt.org/directory';

/** What a run of certbot is about, to explain it should it fail. */
export interface CertbotRun {
  readonly args: readonly string[];
  readonly domains: readonly string[];
  readonly server?: string;
}

/** Runs certbot without a question. Throws OperatorError that says in a line what its output says in many. */
export async function runCertbot(operator: Operator, { args, domains, server }: CertbotRun): Promise<void> {
  const { run, fs } = operator.machine;
  const options = ['--non-interactive', ...(server === undefined ? [] : ['--server', server])];
  const { exitCode, stdout, stderr } = await run('certbot', [...args, ...options], {
    timeoutMs: TIMEOUT_MS,
  });
  if (exitCode === 0) return;
  const around = await surroundings(operator, domains, server ?? DEFAULT_SERVER);
  const log = readTextIfAny(fs, CERTBOT_LOG) ?? '';
  const { message, remedy } = explainFailure(`${stdout}\n${stderr}`, log, around);
  throw new OperatorError(
    `${message}\n  What was served before still is; all that certbot said is in ${CERTBOT_LOG}`,
    remedy,
  );
}

async function surroundings(
  operator: Operator,
  domains: readonly string[],
  server: string,
): Promise<Surroundings> {
  const { fs, facts, localAddresses } = operator.machine;
  const publicIp = credentialField(readTextIfAny(fs, facts.paths.credentials) ?? '', 'publicIp');
  const isAddress = publicIp !== undefined && /^[0-9a-f.:]+$/i.test(publicIp);
  const leadTo = await Promise.all(domains.map(async (name) => [name, await operator.lookUp(name)] as const));
  return {
    server,
    own: [...new Set([...(isAddress ? [publicIp] : []), ...localAddresses()])],
    leadTo: Object.fromEntries(leadTo),
  };
}

/** Throws OperatorError where nginx does not run: certbot would start it beside its unit. */
export async function requireEdge(operator: Operator): Promise<void> {
  try {
    await operator.servedCertificate();
  } catch (cause) {
    throw new OperatorError(
      `nginx does not answer: ${(cause as Error).message}`,
      'systemctl restart nginx; journalctl -b -u nginx',
      { cause },
    );
  }
}

/** Has certbot, which alone edits the site, give the server of these names another certificate. */
export function deployTo(
  operator: Operator,
  certificate: readonly string[],
  domains: readonly string[],
): Promise<void> {
  const names = domains.flatMap((name) => ['-d', name]);
  return runCertbot(operator, {
    args: ['install', '--nginx', '--no-redirect', ...certificate, ...names],
    domains,
  });
}
