import { acquireLock, dnsNamesIn, nameAdminUrl } from '../../firstboot/index.ts';
import { requireFirstBoot } from '../accepted.ts';
import { type Operator, OperatorError } from '../operator.ts';
import { accountOptions, type Consent } from './account.ts';
import { trustAuthority } from './authority.ts';
import { DEFAULT_SERVER, requireEdge, runCertbot } from './certbot.ts';
import { ACME_ROOT } from './include.ts';
import { CERTBOT_LOG, readLineages } from './lineages.ts';
import { covers, namesOf } from './names.ts';

/** A certificate that is wanted from an authority. */
export interface Request extends Consent {
  /** The first one gives it its name. */
  readonly domains: readonly string[];
  /** File with the authority behind `server`, where the machine does not know it. */
  readonly authority?: string;
}

const LOOKS = 20;
const BETWEEN_LOOKS_MS = 500;

/**
 * Gets a certificate for domains that lead to this machine, has nginx serve it to who asks for them, and the timer renew
 * it. Until it is there nothing changes. What certbot remembers is the same as after `certbot --nginx`, but for the way
 * in which the names are shown to be this machine's: by a file, without a change to nginx.
 */
export async function issueCertificate(operator: Operator, request: Request): Promise<void> {
  const { domains, server, authority } = request;
  requireFirstBoot(operator);
  await requireEdge(operator);
  const account = await accountOptions(operator, request);
  if (authority !== undefined) await trustAuthority(operator, authority);
  const how = ['--authenticator', 'webroot', '--webroot-path', ACME_ROOT, '--installer', 'nginx'];
  {
    using _lock = await acquireLock(operator.machine);
    await runCertbot(operator, {
      args: [
        'run',
        ...how,
        // Port 80 leads to HTTPS already, and has to go on answering challenges.
        '--no-redirect',
        // One that is good for fewer names grows; one that is good for others stays.
        '--expand',
        isFromElsewhere(operator, request) ? '--force-renewal' : '--keep-until-expiring',
        ...account,
        ...domains.flatMap((name) => ['-d', name]),
      ],
      domains,
      ...(server === undefined ? {} : { server }),
    });
    nameAdminUrl(operator.machine);
  }
  for (const name of domains) await requireServed(operator, name);
}

/** The one that stands for these names is another directory's: a trial's, as a rule, and certbot would keep it. */
function isFromElsewhere({ machine }: Operator, { domains, server = DEFAULT_SERVER }: Request): boolean {
  const wanted = domains.toSorted().join(' ');
  const standing = readLineages(machine.fs).find(
    ({ certificate }) => dnsNamesIn(namesOf(certificate)).toSorted().join(' ') === wanted,
  );
  return standing !== undefined && standing.server !== server;
}

/** Workers of before may still accept for a moment. */
async function requireServed(operator: Operator, name: string): Promise<void> {
  for (let look = 0; look < LOOKS; look++) {
    const { selfSigned, names } = await operator.servedCertificate(name);
    if (!selfSigned && covers(dnsNamesIn(names), name)) return;
    await operator.pause(BETWEEN_LOOKS_MS);
  }
  throw new OperatorError(
    `certbot has the certificate, but nginx serves another one for ${name}`,
    `nginx -t; systemctl reload nginx; read ${CERTBOT_LOG}`,
  );
}
