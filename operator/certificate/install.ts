import { acquireLock, layoutOf, nameAdminUrl, placeGivenPair, siteNames } from '../../firstboot/index.ts';
import { accepted, requireFirstBoot } from '../accepted.ts';
import type { Operator } from '../operator.ts';
import { replaceFiles } from '../replace-files.ts';
import { deployTo, requireEdge } from './certbot.ts';
import { type CheckedPair, checkedPair, type GivenFiles } from './checked-pair.ts';
import { namesFile } from './include.ts';
import { covers } from './names.ts';

/**
 * Installs a certificate of the operator's own, with its key, for everybody who calls. Names for which certbot has made
 * servers get it as well. Where nginx refuses it, the pair of before is back.
 */
export async function installCertificate(operator: Operator, given: GivenFiles): Promise<void> {
  const { machine } = operator;
  const { fs, facts } = machine;
  requireFirstBoot(operator);
  const pair = checkedPair(fs, given, machine.now());
  await requireEdge(operator);
  using _lock = await acquireLock(machine);
  const placed = placeGivenPair(machine, pair);
  try {
    await replaceFiles(fs, [namesFile(facts, pair.names)], () => takeOver(operator, pair));
  } catch (error) {
    placed.undo();
    await reloadIfAccepted(operator);
    throw error;
  }
  placed.keep();
  nameAdminUrl(machine);
}

/** nginx may have loaded what was taken back; where it refuses its configuration, it has not. */
async function reloadIfAccepted({ machine }: Operator): Promise<void> {
  const { exitCode } = await machine.run('nginx', ['-t']);
  if (exitCode === 0) await machine.reloadEdge();
}

async function takeOver(operator: Operator, { names }: CheckedPair): Promise<void> {
  const { machine } = operator;
  const { fs, facts } = machine;
  await accepted(operator, 'nginx', ['-t']);
  const named = siteNames(fs, facts).filter((name) => covers(names, name) || names.includes(name));
  const { certificate, certificateKey } = layoutOf(facts);
  const files = ['--cert-path', certificate, '--fullchain-path', certificate, '--key-path', certificateKey];
  if (named.length > 0) await deployTo(operator, files, named);
  await machine.reloadEdge();
}
