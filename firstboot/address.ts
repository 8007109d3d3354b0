import ipaddr from 'ipaddr.js';
import { readTextIfAny, rewriteFileAtomic } from '../appliance/index.ts';
import { readAzurePublicAddress } from './azure-metadata.ts';
import { credentialField, whereabouts, withCredentialFields } from './credentials.ts';
import { type Cloud, readIdentity } from './identity.ts';
import { readMarker } from './journal.ts';
import { layoutOf } from './layout.ts';
import { acquireLock } from './lock.ts';
import type { Machine } from './machine.ts';
import type { PublicAddress } from './public-address.ts';
import { ensureTlsPair } from './tls-pair.ts';

/**
 * Runs when the network is up, at every boot and once a day: finds the public address, corrects the address lines of
 * the credentials file if the operator still has it, and makes a new self-signed pair when names or dates want one.
 * It changes no secret, and no address is a good answer.
 */
export async function refreshAddress(machine: Machine): Promise<void> {
  const { fs, facts } = machine;
  if (readMarker(fs, layoutOf(facts).marker) === undefined) {
    machine.say('first boot is not complete; the address is looked up when it is');
    return;
  }
  const identity = readIdentity(fs);
  const found = await publicAddressIn(identity.cloud, machine);
  machine.say(
    found.kind === 'known' ? `public address ${found.address}` : `no public address: ${found.note}`,
  );

  using _lock = await acquireLock(machine);
  const local = machine.localAddresses();
  const address = withLastKnown(machine, found);
  correctCredentials(machine, local, address);

  const addresses = address.kind === 'known' ? [...local, address.address] : local;
  const names = { hostName: machine.hostName(), addresses };
  const fault = await ensureTlsPair(machine, { machineId: identity.machineId, names, mustCover: true });
  if (fault === undefined) return;
  machine.say(`made a new self-signed certificate: ${fault}`);
  await machine.reloadEdge();
}

/** When nobody answers, the address that the file names may still be right: better than none. */
function withLastKnown({ fs, facts }: Machine, found: PublicAddress): PublicAddress {
  if (found.kind !== 'unavailable') return found;
  const before = credentialField(readTextIfAny(fs, facts.paths.credentials) ?? '', 'publicIp');
  return before !== undefined && ipaddr.isValid(before) ? { kind: 'known', address: before } : found;
}

async function publicAddressIn(cloud: Cloud, machine: Machine): Promise<PublicAddress> {
  switch (cloud) {
    case 'azure':
      return readAzurePublicAddress(machine.metadata);
    case 'none':
      return { kind: 'none', note: 'this machine runs in no cloud that could tell it' };
  }
}

function correctCredentials(machine: Machine, local: readonly string[], found: PublicAddress): void {
  const publicIp = found.kind === 'known' ? { address: found.address, note: '' } : { note: found.note };
  const lines = whereabouts(machine.hostName(), local, publicIp);
  rewriteFileAtomic(machine.fs, machine.facts.paths.credentials, (text) => withCredentialFields(text, lines));
}
