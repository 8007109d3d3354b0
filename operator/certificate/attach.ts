import { acquireLock, dnsNamesIn } from '../../firstboot/index.ts';
import { accepted, requireFirstBoot } from '../accepted.ts';
import type { Operator } from '../operator.ts';
import { replaceFiles } from '../replace-files.ts';
import { deployTo, requireEdge } from './certbot.ts';
import { givenCertificate } from './given.ts';
import { namesFile } from './include.ts';
import { readLineages } from './lineages.ts';
import { covers, namesOf } from './names.ts';

/**
 * Gives the site the certificates that this machine has: after an upgrade has written it anew, or a restore. Until that
 * is done nginx serves what it has loaded. Names of a certificate that the operator has installed stay with that one.
 */
export async function attachCertificates(operator: Operator): Promise<void> {
  const { machine } = operator;
  const { fs, facts } = machine;
  requireFirstBoot(operator);
  await requireEdge(operator);
  using _lock = await acquireLock(machine);
  const own = givenCertificate(machine);
  const given = own === undefined ? [] : dnsNamesIn(namesOf(own));
  await replaceFiles(fs, [namesFile(facts, given)], () => accepted(operator, 'nginx', ['-t']));
  // Where two are good for a name, the newer one comes later and stays.
  const lineages = readLineages(fs)
    .filter(({ installer }) => installer === 'nginx')
    .sort(
      (one, other) => one.certificate.validFromDate.getTime() - other.certificate.validFromDate.getTime(),
    );
  for (const { name, certificate } of lineages) {
    const domains = dnsNamesIn(namesOf(certificate)).filter((domain) => !covers(given, domain));
    if (domains.length > 0) await deployTo(operator, ['--cert-name', name], domains);
  }
  await machine.reloadEdge();
}
