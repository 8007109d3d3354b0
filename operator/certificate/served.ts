import { dnsNamesIn, siteNames } from '../../firstboot/index.ts';
import type { Operator, ServedCertificate } from '../operator.ts';
import { givenCertificate } from './given.ts';
import { CERTBOT_LOG, CERTBOT_TIMER, type Lineage, readLineages } from './lineages.ts';
import { covers } from './names.ts';

/**
 * Where a certificate comes from, and so how it is renewed.
 * - `self-signed`: by the machine itself.
 * - `certbot`: by an authority, through certbot and its timer.
 * - `installed`: by the operator, with `litellm-ctl certificate --install`.
 * - `other`: by the operator, in a way that this command knows nothing of.
 */
export type CertificateKind = 'self-signed' | 'certbot' | 'installed' | 'other';

/** A certificate that nginx serves, and to whom. */
export interface Served extends ServedCertificate {
  /** The name that clients ask for; null: any other name, and no name. */
  readonly to: string | null;
  readonly kind: CertificateKind;
  readonly daysLeft: number;
  readonly state: 'ok' | 'warning' | 'problem';
  /** What is wrong or will be; undefined when all is well. */
  readonly fault?: string;
  readonly remedy?: string;
  /** How and when there will be a new one. */
  readonly renewal: string;
}

const DAY_MS = 24 * 60 * 60_000;
const WARN_DAYS = 21;
/** One that lives for days or weeks only is renewed later than others: certbot takes it up in the last third. */
const WARN_SHARE = 0.25;

/** Looks at every certificate that nginx serves. Throws when it does not answer. */
export async function readServed(operator: Operator): Promise<Served[]> {
  const { machine } = operator;
  const lineages = readLineages(machine.fs);
  const given = givenCertificate(machine)?.fingerprint256;
  const timerRuns = lineages.length === 0 || (await isActive(operator, CERTBOT_TIMER));
  const served: Served[] = [];
  for (const to of [null, ...siteNames(machine.fs, machine.facts)]) {
    // Of a wildcard's names any will do.
    const certificate = await operator.servedCertificate(to?.replace('*', 'any'));
    const lineage = lineages.find((each) => each.certificate.fingerprint256 === certificate.fingerprint);
    const kind = kindOf(certificate, lineage, given);
    served.push({
      ...certificate,
      to,
      kind,
      ...judged(certificate, kind, to, { now: machine.now(), timerRuns }),
      renewal: renewalOf(kind, lineage),
    });
  }
  return served;
}

async function isActive({ machine }: Operator, unit: string): Promise<boolean> {
  return (await machine.run('systemctl', ['is-active', '--quiet', unit])).exitCode === 0;
}

function kindOf(
  { selfSigned, fingerprint }: ServedCertificate,
  lineage: Lineage | undefined,
  given: string | undefined,
): CertificateKind {
  if (lineage !== undefined) return 'certbot';
  if (fingerprint === given) return 'installed';
  return selfSigned ? 'self-signed' : 'other';
}

const remedies: Readonly<Record<CertificateKind, string>> = {
  'self-signed': 'systemctl start litellm-address.service',
  certbot: `certbot renew; read ${CERTBOT_LOG}`,
  installed: 'have the authority issue a new one, then: litellm-ctl certificate --install CERT KEY',
  other: 'put a new one where nginx reads it: nginx -T | grep ssl_certificate; systemctl reload nginx',
};

function judged(
  certificate: ServedCertificate,
  kind: CertificateKind,
  to: string | null,
  { now, timerRuns }: { now: Date; timerRuns: boolean },
): Pick<Served, 'daysLeft' | 'state' | 'fault' | 'remedy'> {
  const { validFrom, expiresAt, names } = certificate;
  const leftMs = expiresAt.getTime() - now.getTime();
  const daysLeft = Math.floor(leftMs / DAY_MS);
  const remedy = remedies[kind];
  if (leftMs <= 0) return { daysLeft, state: 'problem', fault: `expired ${-daysLeft} days ago`, remedy };
  if (validFrom > now) {
    const fault = `not valid before ${validFrom.toISOString()}`;
    return { daysLeft, state: 'problem', fault, remedy: 'see whether the clock is right: timedatectl' };
  }
  if (to !== null && !covers(dnsNamesIn(names), to)) {
    const fault = `does not name ${to}`;
    return { daysLeft, state: 'problem', fault, remedy: `litellm-ctl certificate ${to}` };
  }
  const lateMs = Math.min(WARN_DAYS * DAY_MS, WARN_SHARE * (expiresAt.getTime() - validFrom.getTime()));
  if (leftMs < lateMs) return { daysLeft, state: 'warning', fault: 'expires soon', remedy };
  if (kind === 'certbot' && !timerRuns) {
    const fault = `will not be renewed: ${CERTBOT_TIMER} does not run`;
    return { daysLeft, state: 'warning', fault, remedy: `systemctl enable --now ${CERTBOT_TIMER}` };
  }
  return { daysLeft, state: 'ok' };
}

function renewalOf(kind: CertificateKind, lineage: Lineage | undefined): string {
  switch (kind) {
    case 'self-signed':
      return 'by the machine itself, 60 days before the end: litellm-address.timer';
    case 'certbot':
      return `by certbot (${lineage?.authenticator}), twice a day where it is time: ${CERTBOT_TIMER}`;
    case 'installed':
      return 'by you: litellm-ctl certificate --install CERT KEY';
    case 'other':
      return 'by whoever has put it in place';
  }
}
