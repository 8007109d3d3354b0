import { exitCodes, type Operator } from '../operator.ts';
import { requireEdge } from './certbot.ts';
import { oneLine } from './names.ts';
import { readServed, type Served } from './served.ts';

/** What programs get: `litellm-ctl certificate status --json`. */
function asJson(served: readonly Served[]): object {
  return {
    certificates: served.map(({ selfSigned: _, fault, remedy, ...rest }) => ({
      ...rest,
      ...(fault === undefined ? {} : { fault, remedy }),
    })),
  };
}

function end({ expiresAt, daysLeft, fault }: Served): string {
  const day = expiresAt.toISOString().slice(0, 10);
  const left = daysLeft < 0 ? '' : `, in ${daysLeft} days`;
  return `${day}${left}${fault === undefined ? '' : ` (${fault})`}`;
}

/** The certificates for a person. */
export function describeServed(served: readonly Served[]): string {
  return served
    .map((each) => {
      const rows: [string, string][] = [
        ['names', each.names],
        ['issued by', each.selfSigned ? 'itself: nobody vouches for it' : oneLine(each.issuer)],
        ['chain', each.chain.map(oneLine).join(' <- ') || 'none'],
        ['expires', end(each)],
        ['renewed', each.renewal],
        ['serial number', each.serialNumber],
        ['SHA-256', each.fingerprint],
        ...(each.remedy === undefined ? [] : [['what to do', each.remedy] as [string, string]]),
      ];
      const lines = rows.map(([name, value]) => `  ${name.padEnd(15)}${value}\n`);
      return `${each.to ?? 'Any other name, and by address'}: ${each.kind}\n${lines.join('')}`;
    })
    .join('');
}

/** Prints which certificates are served, and returns the exit code. */
export async function showCertificates(operator: Operator, json: boolean): Promise<number> {
  await requireEdge(operator);
  const served = await readServed(operator);
  operator.write(json ? `${JSON.stringify(asJson(served), null, 2)}\n` : describeServed(served));
  return served.some(({ state }) => state === 'problem') ? exitCodes.problem : exitCodes.ok;
}
