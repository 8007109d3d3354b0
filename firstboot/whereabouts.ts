import ipaddr from 'ipaddr.js';
import { urlHost } from './addresses.ts';

/** Where and what the machine is, as far as it is known. */
export interface Place {
  readonly hostName: string;
  /** Of the machine's interfaces, IPv4 first. */
  readonly localAddresses: readonly string[];
  readonly publicIpv4?: string | undefined;
  readonly publicIpv6?: string | undefined;
  readonly privateIpv4?: string | undefined;
  /** Under which a certificate of the operator's is served. */
  readonly certifiedName?: string | undefined;
  /** Why there is no public address. */
  readonly note: string;
  /** Unset: none that we know. */
  readonly cloud?: CloudPlace | undefined;
}

export interface CloudPlace {
  readonly title: string;
  readonly instanceId?: string | undefined;
  readonly region?: string | undefined;
}

/** The lines of the credentials file that say where the machine is. */
export interface Whereabouts {
  readonly publicIp: string;
  readonly publicIpv6: string;
  readonly privateIp: string;
  readonly cloud: string;
  readonly adminUrl: string;
}

export function whereabouts(place: Place): Whereabouts {
  const { publicIpv4, publicIpv6, localAddresses, hostName, note } = place;
  const address = publicIpv4 ?? publicIpv6 ?? localAddresses[0] ?? hostName;
  return {
    publicIp: publicIpv4 ?? `not known: ${note}`,
    publicIpv6: publicIpv6 ?? 'none known',
    privateIp: privateAddress(place),
    cloud: cloudLine(place.cloud),
    adminUrl: adminUrlAt(place.certifiedName ?? address),
  };
}

/** Where the admin UI is, on a machine that is reached at this name or address. */
export function adminUrlAt(host: string): string {
  return `https://${urlHost(host)}/ui`;
}

/** Some clouds give an interface public addresses, and to some also private ones that lead nowhere. */
function privateAddress({ privateIpv4, publicIpv4, publicIpv6, localAddresses }: Place): string {
  const others = localAddresses.filter((address) => address !== publicIpv4 && address !== publicIpv6);
  const isPrivate = (address: string): boolean => ipaddr.parse(address).range() === 'private';
  const none = localAddresses.length === 0 ? 'none yet' : 'none';
  return privateIpv4 ?? others.find(isPrivate) ?? others[0] ?? none;
}

function cloudLine(cloud: CloudPlace | undefined): string {
  if (cloud === undefined) return 'none that this machine knows';
  const { title, instanceId, region } = cloud;
  return [
    title,
    ...(instanceId === undefined ? [] : [`instance ${instanceId}`]),
    ...(region === undefined ? [] : [`region ${region}`]),
  ].join(', ');
}
