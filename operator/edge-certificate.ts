import type { Check } from './check.ts';
import type { Operator, ServedCertificate } from './operator.ts';

const NAME = 'certificate';
const DAY_MS = 24 * 60 * 60_000;

/** certbot renews thirty days before the end: with fewer than this left, renewal does not work. */
const LATE_DAYS = 14;

/** The certificate that nginx serves. While nothing answers, nginx's unit tells whether that is a problem. */
export async function checkCertificate(operator: Operator): Promise<Check> {
  let served: ServedCertificate;
  try {
    served = await operator.servedCertificate();
  } catch (error) {
    return { name: NAME, state: 'waiting', detail: `nothing answers: ${(error as Error).message}` };
  }
  const days = Math.floor((served.expiresAt.getTime() - operator.machine.now().getTime()) / DAY_MS);
  // Nobody vouches for a self-signed one: the operator compares the fingerprint with what the browser shows.
  const kind = served.selfSigned
    ? `self-signed, SHA-256 ${served.fingerprint}`
    : 'issued by a certificate authority';
  const end = days < 0 ? `expired ${-days} days ago` : `expires in ${days} days`;
  const detail = `${kind}, ${end}, for ${served.names}`;
  if (days >= LATE_DAYS) return { name: NAME, state: 'ok', detail };
  const remedy = served.selfSigned
    ? 'systemctl start litellm-address.service'
    : 'certbot renew; read /var/log/letsencrypt/letsencrypt.log';
  return { name: NAME, state: 'problem', detail, remedy };
}
