import ipaddr from 'ipaddr.js';
import { readTextIfAny, rewriteFileAtomic } from '../appliance/index.ts';
import { certifiedName } from './certified-name.ts';
import { askCloud } from './clouds/ask-cloud.ts';
import { clouds } from './clouds/clouds.ts';
import { credentialField, withCredentialFields } from './credentials.ts';
import { type Identity, readIdentity } from './identity.ts';
import { readMarker } from './journal.ts';
import { layoutOf } from './layout.ts';
import { acquireLock } from './lock.ts';
import type { Machine } from './machine.ts';
import { ensureTlsPair } from './tls-pair.ts';
import { type CloudPlace, type Place, whereabouts } from './whereabouts.ts';

/** What is known from outside about how the world reaches this machine. */
interface Outside extends Pick<Place, 'publicIpv4' | 'publicIpv6' | 'privateIpv4' | 'note'> {
  readonly hostNames: readonly string[];
  /** Unset: what the file says about the cloud stays. */
  readonly cloud?: CloudPlace | 'none';
}

/**
 * Runs when the network is up, at every boot and once a day: finds the public addresses, corrects the lines of the
 * credentials file about the machine's place if the operator still has it, and makes a new self-signed pair when names
 * or dates want one. It changes no secret, and no address is a good answer.
 */
export async function refreshAddress(machine: Machine): Promise<void> {
  const { fs, facts } = machine;
  if (readMarker(fs, layoutOf(facts).marker) === undefined) {
    machine.say('first boot is not complete; the address is looked up when it is');
    return;
  }
  const identity = readIdentity(fs);
  const outside = await askOutside(identity, machine);
  const found = [outside.publicIpv4, outside.publicIpv6].filter((address) => address !== undefined);
  machine.say(
    found.length > 0 ? `public address ${found.join(' and ')}` : `no public address: ${outside.note}`,
  );

  using _lock = await acquireLock(machine);
  const local = machine.localAddresses();
  correctCredentials(machine, local, outside);

  const names = {
    hostNames: [machine.hostName(), ...outside.hostNames],
    addresses: [...new Set([...local, ...found])],
  };
  const fault = await ensureTlsPair(machine, { machineId: identity.machineId, names, mustCover: true });
  if (fault === undefined) return;
  machine.say(`made a new self-signed certificate: ${fault}`);
  await machine.reloadEdge();
}

async function askOutside({ cloud: name }: Identity, machine: Machine): Promise<Outside> {
  if (name === 'none')
    return { hostNames: [], note: 'this machine runs in no cloud that could tell it', cloud: 'none' };
  const cloud = clouds[name];
  const answer = await askCloud(cloud, machine.metadata);
  if (answer.kind === 'unavailable') return { ...lastKnown(machine), hostNames: [], note: answer.note };
  const { instanceId, region, ...facts } = answer.facts;
  return {
    ...facts,
    note: `${cloud.title} names none; ${cloud.lookUp}`,
    cloud: { title: cloud.title, instanceId, region },
  };
}

/** When nobody answers, the addresses that the file names may still be right: better than none. */
function lastKnown({ fs, facts }: Machine): Pick<Outside, 'publicIpv4' | 'publicIpv6'> {
  const text = readTextIfAny(fs, facts.paths.credentials) ?? '';
  const before = (field: 'publicIp' | 'publicIpv6'): string | undefined => {
    const value = credentialField(text, field);
    return value !== undefined && ipaddr.isValid(value) ? value : undefined;
  };
  return { publicIpv4: before('publicIp'), publicIpv6: before('publicIpv6') };
}

function correctCredentials(machine: Machine, local: readonly string[], outside: Outside): void {
  const { cloud, ...place } = outside;
  const { cloud: cloudLine, ...lines } = whereabouts({
    ...place,
    hostName: machine.hostName(),
    localAddresses: local,
    certifiedName: certifiedName(machine),
    cloud: cloud === 'none' ? undefined : cloud,
  });
  const changes = cloud === undefined ? lines : { ...lines, cloud: cloudLine };
  rewriteFileAtomic(machine.fs, machine.facts.paths.credentials, (text) =>
    withCredentialFields(text, changes),
  );
}
