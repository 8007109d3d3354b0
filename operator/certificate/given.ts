import { X509Certificate } from 'node:crypto';
import { readTextIfAny } from '../../appliance/index.ts';
import { hasGivenPair, layoutOf, type Machine } from '../../firstboot/index.ts';

/** The certificate that the operator has installed; undefined where the machine's own stands in its place. */
export function givenCertificate(machine: Machine): X509Certificate | undefined {
  if (!hasGivenPair(machine)) return undefined;
  const pem = readTextIfAny(machine.fs, layoutOf(machine.facts).certificate);
  return pem === undefined ? undefined : new X509Certificate(pem);
}
