import { readServed, type Served } from './certificate/served.ts';
import type { Check } from './check.ts';
import type { Operator } from './operator.ts';

const NAME = 'certificate';

/** The certificates that nginx serves. While nothing answers, nginx's unit tells whether that is a problem. */
export async function checkCertificates(operator: Operator): Promise<Check[]> {
  try {
    await operator.servedCertificate();
  } catch (error) {
    return [{ name: NAME, state: 'waiting', detail: `nothing answers: ${(error as Error).message}` }];
  }
  return (await readServed(operator)).map(checkOf);
}

function checkOf(served: Served): Check {
  const { to, state, names, daysLeft, fault, remedy } = served;
  const end = fault ?? `expires in ${daysLeft} days`;
  const soon = state === 'warning' && daysLeft >= 0 ? ` (${daysLeft} days left)` : '';
  return {
    name: to === null ? NAME : `${NAME} ${to}`,
    state,
    detail: `${kindOf(served)}, ${end}${fault === undefined ? '' : soon}, for ${names}`,
    ...(remedy === undefined ? {} : { remedy }),
  };
}

function kindOf({ kind, fingerprint }: Served): string {
  switch (kind) {
    // Nobody vouches for it: the operator compares the fingerprint with what the browser shows.
    case 'self-signed':
      return `self-signed, SHA-256 ${fingerprint}`;
    case 'certbot':
      return 'issued by a certificate authority, renewed by certbot';
    case 'installed':
      return 'installed by the operator';
    case 'other':
      return 'issued by a certificate authority';
  }
}
